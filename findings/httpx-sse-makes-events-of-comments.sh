#!/usr/bin/env bash
# httpx-sse 0.4.3: comments, and blocks with an id or a retry time alone, come out as events with no
# data.
# One would expect what the HTML standard says (9.2.6): a block without data is no event, and a
# line with a colon in front, which keeps a quiet connection open, is ignored. Seen: before the
# first id nothing comes of a comment, but behind it each empty line is a `message` with data "",
# so a consumer that reads JSON fails on the first heartbeat after an event, and a count is too
# high. A `retry` alone is one too. sseclient-py 1.9.0 gives the two real events of the same bytes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    httpx==0.28.1 httpx-sse==0.4.3 sseclient-py==1.9.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import httpx
import httpx_sse
import sseclient

STREAM = ":\n\nretry: 1000\n\nid: 6\nevent: sold\ndata: 1\n\n:\n\nid: 7\n\nid: 8\ndata: 2\n\n"
answer = httpx.Response(200, text=STREAM, headers={"Content-Type": "text/event-stream"})
transport = httpx.MockTransport(lambda _: answer)
with httpx.Client(transport=transport) as client:
    with httpx_sse.connect_sse(client, "GET", "http://localhost/") as source:
        seen = [(event.event, event.data, event.id) for event in source.iter_sse()]
other = [(event.event, event.data) for event in sseclient.SSEClient([STREAM.encode()]).events()]
print("httpx-sse:", seen, "sseclient-py:", other)
assert other == [("sold", "1"), ("message", "2")]
assert seen == [
    ("message", "", ""),  # the retry time
    ("sold", "1", "6"),
    ("message", "", "6"),  # the comment
    ("message", "", "7"),  # the id alone
    ("message", "2", "8"),
]
PYTHON
