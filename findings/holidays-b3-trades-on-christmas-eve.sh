#!/usr/bin/env bash
# holidays 0.98: São Paulo's exchange is open on Christmas Eve and on New Year's Eve.
# One would expect the calendar of an exchange (BVMF, today B3) to be when it trades. Seen: it has
# Brazil's bank holidays, and 24 and 31 December are none of them. exchange_calendars 4.13.2 has no
# session on either day. Both agree about the carnival, Good Friday and 20 November, so whoever asks
# one of them when money moves does not notice until the end of a year.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check holidays==0.98 \
    exchange_calendars==4.13.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import exchange_calendars
import holidays

closed = holidays.financial_holidays("BVMF")
exchange = exchange_calendars.get_calendar("BVMF")
agreed = ("2025-03-04", "2025-04-18", "2025-11-20", "2025-12-25")
for day in (*agreed, "2025-12-24", "2025-12-31"):
    print(day, "holidays:", closed.get(day), "- exchange_calendars trades:", exchange.is_session(day))
assert all(day in closed and not exchange.is_session(day) for day in agreed)
for day in ("2025-12-24", "2025-12-31"):
    assert day not in closed
    assert not exchange.is_session(day)
PYTHON
