#!/usr/bin/env bash
# iso18245 1.4.1: the MCCs of airlines, car rentals and hotels by brand are none of ISO 18245's own.
# A table of hold times by MCC names 3351-3999 for car rental and lodging, so one would expect the
# standard to describe them, and the range to be whole. Seen: 3351 is in the range "Reserved for
# private use", the standard has no text for it, only the schemes do; 3500 and 3999 are no codes at
# all; and 7513 and 7519, which rent trucks and motor homes, lie outside of the range.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check iso18245==1.4.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import iso18245

rental = iso18245.get_mcc("3351")
print("3351:", rental.range.description, "| ISO:", repr(rental.iso_description), "| Visa:", rental.visa_description)
assert rental.range.description == "Reserved for private use"
assert rental.iso_description == ""
assert rental.visa_description
for missing in ("3500", "3999"):
    try:
        iso18245.get_mcc(missing)
    except iso18245.MCCNotFound:
        print(missing, "is no code")
    else:
        raise AssertionError(f"{missing} is a code now")
trucks = iso18245.get_mcc("7513")
print("7513:", trucks.iso_description or trucks.visa_description)
assert trucks.range.description != "Reserved for private use"
PYTHON
