#!/usr/bin/env bash
# workalendar 17.0.0: its calendar of Brazil has neither Good Friday nor 20 November.
# 20 November (Zumbi and Black Awareness) is a national holiday by Lei 14.759/2023, from 2024 on. One
# would expect both days, as the package holidays 0.109 has them. Seen for 2026: workalendar takes both for working
# days, and lists Easter Sunday in place of Good Friday.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check workalendar==17.0.0 holidays==0.109
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import date

import holidays
from workalendar.america import Brazil

good_friday, awareness = date(2026, 4, 3), date(2026, 11, 20)
national = holidays.country_holidays("BR", years=2026)
assert good_friday in national
assert awareness in national
works = {day.isoformat(): Brazil().is_working_day(day) for day in (good_friday, awareness)}
print("workalendar takes for working days:", works)
print("workalendar in April:", [name for day, name in Brazil().holidays(2026) if day.month == 4])
assert all(works.values())
PYTHON
