#!/usr/bin/env bash
# pykka 4.5.0: what a handler's exception does depends on how its message was sent.
# One would expect an actor to survive it or not. Seen: the same exception in the same handler leaves
# the actor alive behind ask(), where the caller gets it, and stops the actor behind tell(), where
# nobody does; what was queued behind the tell is answered with ActorDeadError.
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
let_go = threading.Event()


class Fragile(pykka.ThreadingActor):
    def on_receive(self, message):
        let_go.wait(10)
        if message == "fail":
            raise ValueError(message)
        return message


asked, told = Fragile.start(), Fragile.start()
failing, behind_ask = asked.ask("fail", block=False), asked.ask("hello", block=False)
told.tell("fail")
behind_tell = told.ask("hello", block=False)
let_go.set()
try:
    failing.get(timeout=10)
except ValueError:
    print("ask: the caller gets the exception, then:", behind_ask.get(timeout=10))
try:
    behind_tell.get(timeout=10)
except pykka.ActorDeadError as error:
    print("tell: then", type(error).__name__)
else:
    raise SystemExit("the actor survived a tell")
assert asked.is_alive()
asked.stop()
PYTHON
