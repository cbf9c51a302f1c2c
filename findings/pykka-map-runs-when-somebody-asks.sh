#!/usr/bin/env bash
# pykka 4.5.0: what Future.map is given runs in get(), in the thread of whoever asks, or never.
# It reads like `then` of a promise or `add_done_callback`: one would expect the function to run when
# the value comes, and once. Seen: nothing runs when the value is set; the first get() runs it, in its
# own thread, and later ones have what it gave. If it raises, each get() runs it again. A counter or
# a log line in it tells of who looked, not of what happened.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pykka==4.5.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import threading

import pykka

runs = []


class Till(pykka.ThreadingActor):
    def on_receive(self, message):
        return message * 2


def noted(value):
    runs.append(threading.current_thread().name)
    return value + 1


def refused(value):
    runs.append("refused")
    raise ValueError(value)


till = Till.start()
answer = till.ask(20, block=False)
more = answer.map(noted)
assert answer.get(timeout=10) == 40
print("the value is there, runs:", runs)
assert runs == []

assert more.get(timeout=10) == 41
assert more.get(timeout=10) == 41
print("after get() twice, runs:", runs)
assert runs == [threading.main_thread().name]

runs.clear()
broken = answer.map(refused)
for _ in range(3):
    try:
        broken.get(timeout=10)
    except ValueError:
        pass
print("after three get() of one that raises, runs:", runs)
assert runs == ["refused"] * 3
till.stop()
PYTHON
