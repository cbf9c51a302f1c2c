#!/usr/bin/env bash
# iso18245 1.4.1 (the merchant category codes of ISO 18245 and what Visa, Stripe and others call them)
# knows 5411, groceries, but no 5412.
# One would expect a food wallet's list "5411, 5412", as it stands in coding challenges and blogs about
# Brazilian benefit cards, to name two codes. Seen: 5411 is found; 5412 raises MCCNotFound, and no
# other code begins with 541. A table of wallets must not be checked against this list.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check iso18245==1.4.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import iso18245

assert iso18245.get_mcc("5411").iso_description == "Groceries and supermarkets"
try:
    iso18245.get_mcc("5412")
except iso18245.MCCNotFound as error:
    print("5412:", repr(error))
else:
    raise SystemExit("5412 is known by now")
found = [code.mcc for code in iso18245.get_all_mccs() if code.mcc.startswith("541")]
print("codes that begin with 541:", found)
assert found == ["5411"]
PYTHON
