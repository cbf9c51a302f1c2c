"""kill -9 at random moments: what a client was told is true after the restart.

`python -m tests.faults.kills --kills 1000` kills so often, several servers at a time, and tells
what came of it; `make kill9` is that. `make test` has a few of the same.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from enum import Enum
from functools import partial
from pathlib import Path
from random import Random
from shutil import rmtree
from typing import Final

from tests.faults.conftest import JOURNAL_SYNCS
from tests.faults.ledger import (
    Ledger,
    Operation,
    funds_cents,
    open_accounts,
    operations,
    was_known,
)
from tests.support.client import Answer, Client
from tests.support.forked import ForkedServer
from tests.support.server import PATIENT, Server
from tests.support.together import Connection, close_connections, open_connections, send_together
from tests.support.waiting import PATIENCE_S, eventually

IN_FLIGHT: Final = 128
MOST_ANSWERS: Final = 400
"""A kill under load comes after a random number of answers, at most so many."""
LONG: Final = 1_024
"""Characters of a merchant's name: with so long ones a segment is soon full."""
KILLS_A_FOLDER: Final = 25
"""A new folder after so many, or every start would read more than the one before."""
FLAGS: Final = (
    *PATIENT,
    *("--segment-mib", "1"),
    *("--snapshot-mib", "1"),
    *("--max-resident-accounts", "8"),
    *("--purchases-in-memory", "20"),
    *("--closed-in-memory-hours", "0.0005"),
)
"""Small segments and snapshots, so that kills hit their making too; accounts that sleep, and
purchases that leave for the archive, in which an id that is asked again is found."""
FIRST_PORT: Final = 20_000
PORTS: Final = 500
"""Of each folder: no server is taken for another's that has ended."""
PARTS: Final = 20
"""So many folders have ports of their own; only a few are at work at a time."""
POLL_S: Final = 0.0002
"""How often is looked for what a kill comes amid."""


class Moment(Enum):
    """What a kill comes amid, besides purchases and credits on their way."""

    LOAD = "load"
    SNAPSHOT = "a snapshot"
    ROTATION = "a segment that is begun"
    START = "a start"
    REWRITE = "a start's segment that is written anew"


MOMENTS: Final = (
    *(Moment.LOAD,) * 8,
    *(Moment.SNAPSHOT,) * 3,
    *(Moment.ROTATION,) * 3,
    *(Moment.START,) * 1,
    *(Moment.REWRITE,) * 1,
)
"""In these shares. One amid a start comes behind one under load: two kills, and no load between."""


class Campaign:
    """Kills on one folder, and the books of all that clients were told."""

    def __init__(self, server: Server, random: Random) -> None:
        self.server = server
        self.counts: Counter[str] = Counter()
        """What was done and seen, in words."""
        self._random = random
        self._ledger = Ledger()
        self._everything: list[Operation] = []
        self._start_seconds = 1.0
        self._left_behind: dict[Path, int] = {}
        """Unfinished files of before, with their inodes."""

    def run(self, kills: int) -> None:
        """Kill so often; AssertionError where anything that a client was told is not true.

        Only whole approved transactions have moved an account: those that were answered, and those
        that the server knows by their id.
        """
        self._start(0)
        open_accounts(self.server.client)
        number = 0
        while number < kills:
            number += self._round(number, self._random.choice(MOMENTS), kills - number)
        self.finish()

    def _round(self, number: int, moment: Moment, left: int) -> int:
        """Load, kill, start and compare; how many kills that were."""
        amid_start = moment in (Moment.START, Moment.REWRITE) and left > 1
        asked = asyncio.run(self._load_and_kill(f"k{number}", moment))
        self._note(Moment.LOAD if amid_start else moment)
        if amid_start:
            self._kill_amid_start(moment)
            self._note(moment)
        self._start(number + 1)
        known = [operation for operation in asked if operation.outcome is not None]
        unknown = [operation for operation in asked if operation.outcome is None]
        self._ledger.add(known)
        self.settle(unknown)
        self._ledger.check(self._client, f"after kill {number} and asking again")
        self._everything += asked
        self.counts["answers before a kill"] += len(known)
        self.counts["requests without an answer"] += len(unknown)
        return 2 if amid_start else 1

    def _start(self, number: int) -> None:
        syncs = JOURNAL_SYNCS[number % len(JOURNAL_SYNCS)]
        reports = str(number % 4 == 0).lower()  # a process of their own, which takes half the start
        self.server.flags = (*FLAGS, "--journal-sync", syncs, "--reports", reports)
        began = time.monotonic()
        self.server.start()
        self._start_seconds = time.monotonic() - began

    def _note(self, moment: Moment) -> None:
        self.counts["kills"] += 1
        self.counts[f"aimed at {moment.value}"] += 1
        for path in self._unfinished():
            self.counts[f"that left {path.parent.name}/{path.name} behind"] += 1
        self._left_behind = self._all_unfinished()

    def _unfinished(self) -> list[Path]:
        """The files that are being written now; what an earlier kill has left is none of them."""
        return [
            path
            for path, inode in self._all_unfinished().items()
            if self._left_behind.get(path) != inode
        ]

    def _all_unfinished(self) -> dict[Path, int]:
        found: dict[Path, int] = {}
        for folder in ("journal", "snapshots"):
            for path in (self.server.data / folder).glob("*.tmp"):
                with suppress(FileNotFoundError):
                    found[path] = path.stat().st_ino
        return found

    def _segments(self) -> set[str]:
        return {path.name for path in (self.server.data / "journal").glob("*.journal")}

    @property
    def _client(self) -> Client:
        """One that holds no answer to the OpenAPI document: that takes longer than to ask."""
        return Client(self.server.port, documented=False)

    # --- load, and the kill ----------------------------------------------------------------------

    async def _load_and_kill(self, name: str, moment: Moment) -> list[Operation]:
        """Load the server from many connections and kill it; what was asked.

        Answers that had left the server before it died are counted as received.
        """
        server, random = self.server, self._random
        asked: dict[bytes, Operation] = {}
        merchant = "X" * LONG if moment is Moment.ROTATION else "LOJA X"
        endless = operations(random, name, merchant)
        answers_left = random.randrange(MOST_ANSWERS)
        reached = asyncio.Event()
        connections = await open_connections(server.port, IN_FLIGHT)

        async def client(connection: Connection) -> None:
            nonlocal answers_left
            while server.running:
                operation = next(endless)
                asked[operation.request.body] = operation
                answer = await connection.exchange(operation.request)
                if answer is None:
                    return
                operation.tell(answer)
                answers_left -= 1
                if answers_left <= 0:
                    reached.set()

        async def killer() -> None:
            if moment is Moment.ROTATION:
                segments = self._segments()
                await eventually(lambda: self._unfinished() or self._segments() != segments, POLL_S)
                await asyncio.sleep(random.uniform(0, 0.002))
            else:
                await asyncio.wait_for(reached.wait(), PATIENCE_S)
            if moment is Moment.SNAPSHOT:
                os.kill(server.process.pid, signal.SIGUSR1)
                await eventually(
                    lambda: self._unfinished() or newest_snapshot(server.data) > began, POLL_S
                )
                await asyncio.sleep(random.uniform(0, 0.005))
            server.kill()

        began = newest_snapshot(server.data)
        await asyncio.gather(killer(), *(client(connection) for connection in connections))
        await close_connections(connections)
        return list(asked.values())

    def _kill_amid_start(self, moment: Moment) -> None:
        """Start, and kill before or shortly after the server is ready."""
        server = self.server
        server.spawn()
        end_s = time.monotonic() + self._random.uniform(0.0, 1.2) * self._start_seconds
        if moment is Moment.REWRITE:
            while not self._unfinished() and server.running and not _serves(server):
                time.sleep(POLL_S)
            end_s = time.monotonic() + self._random.uniform(0, 0.003)
        while time.monotonic() < end_s and server.running:
            time.sleep(0.0005)
        server.kill()

    # --- what is true then -----------------------------------------------------------------------

    def settle(self, unknown: Sequence[Operation]) -> None:
        """Ask again what got no answer, and check what was there before it was asked.

        What the server knew already had been decided before the kill: the funds recovered must show
        it whole. What it did not know must have left no trace, and is decided now.
        """
        recovered = Ledger(self._ledger.expected_cents.copy())
        before_asking = funds_cents(self._client)
        for operation, answer in zip(unknown, exchange(self.server, unknown), strict=True):
            operation.tell(answer)
            if was_known(answer):
                recovered.add([operation])
                self.counts["of these, decided before the kill"] += 1
        self._ledger.add(unknown)
        assert before_asking == recovered.expected_cents, "the funds recovered, and what is known"

    def finish(self) -> None:
        """Every outcome that a client was told is told again, as a replay; then an orderly end."""
        server = self.server
        for operation, answer in zip(
            self._everything, exchange(server, self._everything), strict=True
        ):
            operation.tell(answer)
            assert was_known(answer), f"forgotten: {operation}"
        self.counts["answers asked for again at the end"] += len(self._everything)
        metrics = self._client.get("/metrics").body.decode()
        looked_up = float(metrics.partition("\nauthorizer_archive_lookups_total ")[2].split()[0])
        self.counts["of these, looked up in the archive"] += int(looked_up)
        assert server.stop() == 0
        self._ledger.check(server.start().client, "after a last, orderly restart")
        self.counts.update(f"answered {each.outcome}" for each in self._everything)


def newest_snapshot(data: Path) -> str:
    """The name of the newest snapshot; empty where there is none."""
    return max((path.name for path in (data / "snapshots").glob("*.snapshot")), default="")


def _serves(server: Server) -> bool:
    return b"serving on" in server.log_path.read_bytes()[-2000:]


def exchange(server: Server, asked: Sequence[Operation]) -> list[Answer]:
    """Ask all of them at once; each must be answered."""
    requests = [operation.request for operation in asked]
    received = send_together(server.port, requests, most_connections=32)
    answers = [answer for answer in received if answer is not None]
    assert len(answers) == len(asked)
    return answers


# --- many -----------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill so often; 1 at the first that was not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--servers", type=int, default=os.cpu_count() or 1, help="at a time")
    parser.add_argument("--seed", type=int, help="repeats a run, as far as the scheduler does")
    chosen = parser.parse_args(arguments)
    seed = secrets.randbelow(2**32) if chosen.seed is None else chosen.seed
    _say(f"{chosen.kills} kills, {chosen.servers} servers at a time, --seed {seed}")
    size = min(KILLS_A_FOLDER, -(-chosen.kills // chosen.servers))
    parts = [min(size, chosen.kills - at) for at in range(0, chosen.kills, size)]
    counts: Counter[str] = Counter()
    began = time.monotonic()
    with ProcessPoolExecutor(chosen.servers) as pool:
        try:
            for number, found in enumerate(
                pool.map(partial(_part, seed), range(len(parts)), parts)
            ):
                counts += found
                _say(
                    f"{counts['kills']} kills, {number + 1} of {len(parts)} folders, "
                    f"{time.monotonic() - began:.0f} s"
                )
        except Exception as wrong:  # noqa: BLE001 - whatever it was, the seed is told
            pool.shutdown(wait=True, cancel_futures=True)
            _say(f"FAILED: {wrong}")
            return 1
    for what in sorted(counts):
        _say(f"{counts[what]:>9,}  {what}")
    _say("No answer was lost, half done or contradicted later.")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _part(seed: int, number: int, kills: int) -> Counter[str]:
    """Some of the kills, on a folder of their own, which stays where they failed."""
    own = FIRST_PORT + number % PARTS * PORTS
    ports = iter(range(own, own + PORTS))
    folder = Path(tempfile.mkdtemp(prefix=f"kills-{number}-"))
    server = ForkedServer(folder, port=lambda: next(ports))
    campaign = Campaign(server, Random(f"{seed}-{number}"))
    try:
        campaign.run(kills)
    except Exception as wrong:
        raise AssertionError(f"part {number} of seed {seed}, in {folder}: {wrong!r}") from wrong
    finally:
        campaign.server.end()
    rmtree(folder)
    return campaign.counts


if __name__ == "__main__":
    sys.exit(main())
