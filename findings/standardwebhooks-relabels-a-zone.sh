#!/usr/bin/env bash
# standardwebhooks 1.1.0 (the reference library of Standard Webhooks): sign() does not convert a time's
# zone, it relabels it.
# One would expect two datetimes that compare equal to give one signature. Seen: for 09:00 in São Paulo
# it signs the timestamp of 09:00 UTC, three hours before, so the receiver, who is sent the right
# webhook-timestamp, finds no matching signature. Only a time that is UTC already is signed right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check standardwebhooks==1.1.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import datetime, timedelta, timezone

from standardwebhooks.webhooks import Webhook

webhook = Webhook("whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
utc = datetime(2026, 11, 28, 12, 0, tzinfo=timezone.utc)
local = utc.astimezone(timezone(timedelta(hours=-3)))
assert utc == local
signatures = [webhook.sign(msg_id="msg_1", timestamp=at, data="{}") for at in (utc, local)]
print("equal times, equal signatures:", signatures[0] == signatures[1])
assert signatures[0] != signatures[1]
three_hours_before = webhook.sign(msg_id="msg_1", timestamp=utc - timedelta(hours=3), data="{}")
assert signatures[1] == three_hours_before
PYTHON
