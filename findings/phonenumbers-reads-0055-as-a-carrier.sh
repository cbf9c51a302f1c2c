#!/usr/bin/env bash
# phonenumbers 9.0.43 (libphonenumber's tables): 0055 before a Brazilian number is no +55.
# Elsewhere 00 and the country's code stand for the plus, so one would expect "0055 31 98765-1001" in
# region BR to be +55 31 98765-1001. Seen: in Brazil 00 is followed by a carrier, and 55 is one; what
# follows is read as a number of country 31, the Netherlands, without an error. A single 0 with a
# carrier (0 15 31 …) and +55 (0) 31 … are read as one would think.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check phonenumbers==9.0.43
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import phonenumbers

number = phonenumbers.parse("0055 31 98765-1001", "BR")
print("0055 31 98765-1001 is", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
assert (number.country_code, number.national_number) == (31, 987651001)
for text in ("(031) 98765-1001", "+55 (0) 31 98765-1001", "0 15 31 98765-1001"):
    number = phonenumbers.parse(text, "BR")
    assert (number.country_code, number.national_number) == (55, 31987651001), text
PYTHON
