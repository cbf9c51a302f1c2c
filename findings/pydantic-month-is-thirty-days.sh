#!/usr/bin/env bash
# pydantic 2.14.4: a duration of a month is one of 30 days, and twelve months are five days short of a
# year.
# One would expect "P1M", for which a `timedelta` has no value, to be refused, since how long a month
# is depends on which one it is. Seen: P1M is 30 days, P1Y 365, P12M 360, and P1M comes out again as
# P30D. A limit's window or a card's validity that is read so does not end with the month.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pydantic==2.14.4
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import timedelta

from pydantic import TypeAdapter

duration = TypeAdapter(timedelta)
days = {text: duration.validate_python(text).days for text in ("P1M", "P12M", "P1Y", "P1W")}
print(days, "P1M written again:", duration.dump_json(duration.validate_python("P1M")))
assert days == {"P1M": 30, "P12M": 360, "P1Y": 365, "P1W": 7}
assert duration.dump_json(duration.validate_python("P1M")) == b'"P30D"'
PYTHON
