#!/usr/bin/env bash
# holidays 0.109: the calendar of Brazil reads a date that is written in the Brazilian way month first.
# A calendar may be asked with a text. Brazil writes the day first, so one would expect 07/09/2026 to
# be Independence Day, 7 September; or an error. Seen: it is read as 9 July, no holiday. Where the
# first number can be no month, 25/12/2026, the same calendar takes it for the day, so a trial with
# Christmas goes well. Dates as `date`, or as 2026-09-07, are read right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check holidays==0.109
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import date

import holidays

brazil = holidays.country_holidays("BR", language="pt_BR")
HOLIDAYS = {
    date(2026, 9, 7): "07/09/2026",
    date(2026, 10, 12): "12/10/2026",
    date(2026, 5, 1): "01/05/2026",
    date(2026, 12, 25): "25/12/2026",
}
found = {}
for day, written in HOLIDAYS.items():
    assert day in brazil
    assert day.isoformat() in brazil
    found[written] = written in brazil
    print(day, brazil[day], f"{written!r} is a holiday:", found[written])
assert found == {
    "07/09/2026": False,
    "12/10/2026": False,
    "01/05/2026": False,
    "25/12/2026": True,
}
PYTHON
