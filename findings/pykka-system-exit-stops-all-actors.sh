#!/usr/bin/env bash
# pykka 4.5.0: SystemExit in one actor's handler stops every actor of the process.
# In a thread SystemExit ends that thread in silence, so one would expect it to end that actor at the
# most. Seen: pykka answers a BaseException with ActorRegistry.stop_all(), and an actor that had nothing
# to do with it is stopped too. The process goes on without actors.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pykka==4.5.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import logging
import threading

import pykka

logging.disable(logging.CRITICAL)
stopped = threading.Event()


class Leaving(pykka.ThreadingActor):
    def on_receive(self, message):
        raise SystemExit(0)


class Bystander(pykka.ThreadingActor):
    def on_stop(self):
        stopped.set()


bystander = Bystander.start()
Leaving.start().tell("anything")
assert stopped.wait(10), "the other actor lives on"
print("the bystander was stopped; actors left:", len(pykka.ActorRegistry.get_all()))
PYTHON
