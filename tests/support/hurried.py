"""A server that does at once what else takes long, and waits where else it is too quick to be seen.

python -m tests.support.hurried GATE serve …

While the file GATE is there no sync returns and no decline is written. While GATE.full is there,
too, no purchase would be answered in time. While GATE.disk is there nothing is free on the disk.
Accounts are walked along without a rest, clients that do not read are cut off soon, and one message
is handled in a step of the loop.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from authorizer.actors import old_ids, run_queue
from authorizer.actors.admission import Admission
from authorizer.actors.turned_away import TurnedAway
from authorizer.cli import main
from authorizer.http.connection import connections
from authorizer.http.connection.unread import Unread
from authorizer.runtime import world
from tests.support.gated import hold_syncs

UNREAD_SECONDS = 0.2


def full(gate: Path) -> Path:
    """The file that makes a server decline."""
    return gate.with_suffix(".full")


def taken(gate: Path) -> Path:
    """The file that takes all of a server's disk."""
    return gate.with_suffix(".disk")


def have_no_room(gate: Path) -> None:
    """Have a server find its disk full while the file is there."""
    free_bytes = world._free_bytes
    vars(world)["_free_bytes"] = lambda folder: 0 if taken(gate).exists() else free_bytes(folder)


def hold_declines(gate: Path) -> None:
    """Have purchases declined while one file is there, and the declines wait for the other."""
    look, room_ns, step = Admission.look_at_disk, Admission.room_ns, TurnedAway._step

    def room(admission: Admission) -> int:
        return -1 if full(gate).exists() else room_ns(admission)

    def looked(admission: Admission) -> None:
        look(admission)
        if full(gate).exists():
            admission.sure = 0

    def held(declines: TurnedAway) -> None:
        if gate.exists():
            declines._call_soon(declines._step)
        else:
            step(declines)

    Admission.look_at_disk = looked  # type: ignore[method-assign, assignment]
    Admission.room_ns = room  # type: ignore[method-assign, assignment]
    TurnedAway._step = held  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    gate = Path(sys.argv.pop(1))
    hold_syncs(gate)
    hold_declines(gate)
    have_no_room(gate)
    old_ids.ROUNDS_A_RETENTION = 1 << 40  # type: ignore[misc]
    run_queue.MAX_STEP = 1  # type: ignore[misc]
    vars(connections)["Unread"] = partial(Unread, UNREAD_SECONDS)
    main()
