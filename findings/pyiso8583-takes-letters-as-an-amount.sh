#!/usr/bin/env bash
# pyiso8583 4.0.1 knows how long a field is and how it is written, and nothing of what may be in it.
# ISO 8583 says n 12 of an amount and n 6 of a trace number. One would expect a library with a ready
# specification (iso8583.specs.default, with descriptions such as "Amount, Transaction") to refuse
# letters there. Seen: it encodes and decodes "ABCDEFGHIJKL" as an amount and spaces as a trace number;
# only the length and the character set are checked, so digits are the program's own to check.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyiso8583==4.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import iso8583
from iso8583.specs import default

message = {"t": "0200", "4": "ABCDEFGHIJKL", "11": "      "}
raw, _ = iso8583.encode(dict(message), default)
back, _ = iso8583.decode(bytes(raw), default)
print(default["4"], "takes", repr(back["4"]))
print(default["11"], "takes", repr(back["11"]))
assert (back["4"], back["11"]) == (message["4"], message["11"])
for amount in ("100", "0000000001000"):
    try:
        iso8583.encode({"t": "0200", "4": amount}, default)
    except iso8583.EncodeError as error:
        print("but", error)
    else:
        raise AssertionError("an amount of another length was taken")
PYTHON
