#!/usr/bin/env bash
# pyiso8583 4.0.1: left_pad of a field does not fill it up to its length.
# An amount (field 4) is twelve digits, filled with zeros on the left, so left_pad "0" of a field of
# twelve looks like what fills 100 up to 000000000100. Seen: that is refused as 3 bytes where 12 are
# expected. left_pad and right_pad are for the half byte that an odd number of digits leaves in BCD, as
# in a card number of 15: then 0411... is sent, the length says 15, and 15 digits come back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyiso8583==4.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import copy

import iso8583
from iso8583.specs import default

spec = copy.deepcopy(default)
spec["4"]["left_pad"] = "0"
try:
    iso8583.encode({"t": "0200", "4": "100"}, spec)
except iso8583.EncodeError as error:
    print("amount 100:", error)
    assert "expecting 12" in str(error)
else:
    raise AssertionError("the amount was filled up")

spec["2"].update(data_enc="b", len_enc="b", len_type=1, len_count="nibbles")
number = "411111111111111"
try:
    iso8583.encode({"t": "0200", "2": number}, spec)
except iso8583.EncodeError as error:
    print("card number of 15, without a pad:", error)
else:
    raise AssertionError("an odd number of digits needs no pad")
spec["2"]["left_pad"] = "0"
raw, parts = iso8583.encode({"t": "0200", "2": number}, spec)
print("with it:", parts["2"]["len"].hex(), parts["2"]["data"].hex())
assert (parts["2"]["len"].hex(), parts["2"]["data"].hex()) == ("0f", f"0{number}")
assert iso8583.decode(bytes(raw), spec)[0]["2"] == number
PYTHON
