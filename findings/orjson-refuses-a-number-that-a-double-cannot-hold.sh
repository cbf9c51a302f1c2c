#!/usr/bin/env bash
# orjson 3.13.0 refuses a document for a number that is valid JSON and larger than a double.
# RFC 8259 sets numbers no range, and Python's json reads 1e400 as infinity; one would expect that, or the
# text, or a refusal by whoever wanted the number. Seen: JSONDecodeError for the whole document, so one
# member that nobody reads decides over a purchase. Integers of 400 digits are the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check orjson==3.13.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json

import orjson

for number in ("1e400", "9" * 400):
    text = f'{{"amount":1.00,"unread":{number}}}'
    assert json.loads(text)["amount"] == 1.0
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        print(number[:5], "…:", str(error)[:60])
    else:
        raise SystemExit("it is read by now")
PYTHON
