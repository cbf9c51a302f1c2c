#!/usr/bin/env bash
# httpx 0.28.1: `iter_lines` ends lines inside of JSON, at U+2028, U+2029 and U+0085.
# One would expect lines of NDJSON, or of server-sent events, to end where these say: at a line feed,
# perhaps with a carriage return. Seen: `iter_lines` ends them wherever `str.splitlines` does, and JSON
# writers (orjson 3.11.4 and `json` with ensure_ascii=False) leave three of these characters as they are
# inside of strings. So one text with a line separator, which people paste from elsewhere, breaks a
# line in two, and neither is JSON.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check httpx==0.28.1 orjson==3.11.4
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json

import httpx
import orjson


def lines(body):
    """How many lines `iter_lines` makes of a body."""
    answer = httpx.Response(200, content=body, headers={"Content-Type": "application/x-ndjson"})
    with httpx.Client(transport=httpx.MockTransport(lambda _: answer)) as client:
        with client.stream("GET", "http://localhost/") as response:
            return len(list(response.iter_lines()))


seen = {}
for sign in ("\u2028", "\u2029", "\x85", "\x0b", "\n"):
    text = {"merchant": f"PADARIA{sign}CENTRO"}
    both = {orjson.dumps(text), json.dumps(text, ensure_ascii=False, separators=(",", ":")).encode()}
    (line,) = both
    assert json.loads(line) == text
    seen[f"U+{ord(sign):04X}"] = lines(line + b"\n")
print("lines of one line of JSON:", seen)
assert seen == {"U+2028": 2, "U+2029": 2, "U+0085": 2, "U+000B": 1, "U+000A": 1}
PYTHON
