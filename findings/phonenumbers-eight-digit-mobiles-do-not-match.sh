#!/usr/bin/env bash
# phonenumbers 9.0.43: a Brazilian mobile number with and without its ninth digit is two numbers.
# Until 2016 mobiles had eight digits; a 9 was put in front, and address books still hold both. One
# would expect the library's matching to know that plan, as it knows trunk zeros and carriers. Seen:
# NO_MATCH, the old form is possible and not valid, and nothing turns one into the other.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check phonenumbers==9.0.43
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import phonenumbers
from phonenumbers import MatchType

new, old = "+55 31 98765-1001", "+55 31 8765-1001"
match = phonenumbers.is_number_match(new, old)
print("match:", match, "(0 not a number, 1 no match, 2 short, 3 national, 4 exact)")
assert match == MatchType.NO_MATCH
number = phonenumbers.parse(old)
print("possible", phonenumbers.is_possible_number(number), "valid", phonenumbers.is_valid_number(number))
assert phonenumbers.is_possible_number(number)
assert not phonenumbers.is_valid_number(number)
PYTHON
