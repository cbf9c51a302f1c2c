#!/usr/bin/env bash
# tzdata 2025.3, zone America/Sao_Paulo: some days have no midnight.
# Brazil's summer time began at 00:00, until 2018. One would expect a day to begin at 00:00, so that
# midnight to midnight are a day's ends. Seen: on 2018-11-04 the clock goes from 23:59:59 to 01:00; a
# datetime of 00:00 is taken without an error, lies at 03:00 UTC, and comes back from UTC as 01:00. The
# day has 23 hours, and 2018-02-17 has 25.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tzdata==2025.3
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import importlib.resources
import zoneinfo
from datetime import date, datetime, time, timedelta, timezone

with importlib.resources.files("tzdata").joinpath("zoneinfo/America/Sao_Paulo").open("rb") as file:
    sao_paulo = zoneinfo.ZoneInfo.from_file(file)


def hours(day):
    ends = [datetime.combine(each, time(), sao_paulo) for each in (day, day + timedelta(1))]
    begin, end = (each.astimezone(timezone.utc) for each in ends)
    return (end - begin) / timedelta(hours=1)


midnight = datetime(2018, 11, 4, tzinfo=sao_paulo)
back = midnight.astimezone(timezone.utc).astimezone(sao_paulo)
print("midnight in UTC:", midnight.astimezone(timezone.utc), "and back:", back)
assert back.hour == 1
assert [hours(date(2018, 11, 4)), hours(date(2018, 2, 17)), hours(date(2026, 11, 28))] == [23, 25, 24]
PYTHON
