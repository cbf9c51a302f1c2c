#!/usr/bin/env bash
# pykka 4.5.0: get_all(futures, timeout=…) gives every future that much time, one after the other.
# Its documentation says that it waits for `timeout` seconds and then raises Timeout; those of
# concurrent.futures.wait and asyncio.wait_for are for all together, and one would bound a gathering
# of answers with it. Seen: three answers, each a second behind the one before, are had in three
# seconds with a timeout of one and a half. So a hundred futures may take a hundred times as long.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pykka==4.5.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import concurrent.futures
import threading
import time

import pykka

TIMEOUT_S = 1.5


def in_a_row(new):
    """Three futures, of which one has its value each second."""
    futures = [new() for _ in range(3)]
    for seconds, future in enumerate(futures, 1):
        put = future.set if new is pykka.ThreadingFuture else future.set_result
        threading.Timer(seconds, put, [seconds]).start()
    return futures


began = time.monotonic()
answers = pykka.get_all(in_a_row(pykka.ThreadingFuture), timeout=TIMEOUT_S)
took_s = time.monotonic() - began
print(f"get_all with a timeout of {TIMEOUT_S} s: {answers} after {took_s:.1f} s")
assert answers == [1, 2, 3]
assert took_s > 1.5 * TIMEOUT_S

done, late = concurrent.futures.wait(in_a_row(concurrent.futures.Future), timeout=TIMEOUT_S)
print(f"concurrent.futures.wait with the same: {len(done)} are there, {len(late)} are not")
assert late
PYTHON
