#!/usr/bin/env bash
# phonenumbers 9.0.43 does not know the Brazilian word for an extension, "ramal", and dials it.
# "ext.", "x", "int" and the Spanish "anexo" begin an extension, so one would expect "ramal 12" to begin
# one, or to be refused. Seen: its letters become digits as on a telephone's keys (72625), and the
# result has 17 digits, without an error; "r. 12" becomes the digits 12 behind the number.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check phonenumbers==9.0.43
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import phonenumbers

for text in ("(31) 3333-1001 anexo 12", "(31) 3333-1001 int 12"):
    number = phonenumbers.parse(text, "BR")
    assert (number.national_number, number.extension) == (3133331001, "12"), text
number = phonenumbers.parse("(31) 3333-1001 ramal 12", "BR")
print("ramal 12:", number.national_number, "extension", number.extension)
assert (number.national_number, number.extension) == (31333310017262512, None)
number = phonenumbers.parse("(31) 3333-1001 r. 12", "BR")
print("r. 12:", number.national_number, "extension", number.extension)
assert (number.national_number, number.extension) == (313333100112, None)
PYTHON
