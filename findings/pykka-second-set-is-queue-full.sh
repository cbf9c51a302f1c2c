#!/usr/bin/env bash
# pykka 4.5.0: a future's second set() raises queue.Full.
# asyncio and concurrent.futures raise InvalidStateError where a result is set twice, and a threading
# event takes it; one would expect an error of pykka's own or none. Seen: the future is a queue of one
# place inside, and shows that; once get() has read it, set() raises Full still.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pykka==4.5.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import queue

import pykka

future = pykka.ThreadingFuture()
future.set("first")
for moment in ("before get", "after get"):
    try:
        future.set("second")
    except queue.Full:
        print(moment, "queue.Full; the value stays", future.get(timeout=10))
    else:
        raise SystemExit(f"{moment}: the second value was taken")
PYTHON
