#!/usr/bin/env bash
# uvloop 0.23.0: call_later with less than half a millisecond is call_soon.
# asyncio gives a TimerHandle, with when(), and runs it behind everything that is ready. One would
# expect the same. Seen: uvloop rounds to whole milliseconds, returns a plain Handle without when(), and
# runs a 0.4 ms timer before a callback that was scheduled for "soon" after it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check uvloop==0.23.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio

import uvloop


async def order():
    loop = asyncio.get_running_loop()
    ran = []
    handle = loop.call_later(0.0004, ran.append, "in 0.4 ms")
    loop.call_soon(ran.append, "soon")
    await asyncio.sleep(0.05)
    return ran, hasattr(handle, "when")


plain, fast = asyncio.run(order()), uvloop.run(order())
print("asyncio:", plain)
print("uvloop:", fast)
assert plain == (["soon", "in 0.4 ms"], True)
assert fast == (["in 0.4 ms", "soon"], False)
PYTHON
