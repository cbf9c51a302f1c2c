"""The run: on each disk and number of accounts all contenders are started, then take turns."""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import disks, open_loop
from benchmarks.compare import page, targets
from benchmarks.compare.peer import Kind, MissingError, Peer
from benchmarks.compare.registry import PEERS
from benchmarks.compare.results import Condition, Results
from benchmarks.compare.turns import Seat
from benchmarks.report import Figure
from benchmarks.wrk import Spread

ACCOUNTS: Final = (1, targets.USUAL_ACCOUNTS, targets.MANY_ACCOUNTS)
SYNCS_US: Final = (150, 1000)
DURABLE: Final = frozenset(Kind) - {Kind.CONSTANT}


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured."""

    rounds: int = 3
    seconds: int = 3
    open_seconds: int = 6
    accounts: Sequence[int] = ACCOUNTS
    peers: Sequence[Peer] = PEERS
    docs: Path | None = None
    """The folder whose `performance.md` gets table and plots; None: they are only printed."""


def measure(folder: Path, options: Options) -> list[Figure]:
    """Run it all, print the table, write the page."""
    program = open_loop.build(folder)
    run = Run(program, options)
    load_before = os.getloadavg()[0]
    settings = _settings(options.peers)
    for number, (name, disk) in enumerate(_disks(folder)):
        with disk as home:
            sync = disks.sync_time(home)
            words = f"{name} (p50 {sync.p50_us:.0f} us)" if name == "this disk" else name
            for accounts in options.accounts if number == 0 else [targets.USUAL_ACCOUNTS]:
                if accounts in options.accounts:
                    run.field(home, words, accounts, whole=number == 0)
    figures = list(targets.figures(run.results))
    told = page.section(run.results, figures, settings, load_before)
    print("\n" + told)
    if options.docs is not None:
        page.write(options.docs, told, run.results)
    return figures


def _disks(folder: Path) -> Iterator[tuple[str, AbstractContextManager[Path]]]:
    """The slowed disks; where they can't be had, the one of the folder."""
    if lacking := disks.slowed_missing():
        print(f"  this disk alone is measured: slowed ones need {lacking}")
        yield "this disk", nullcontext(folder)
        return
    program = disks.build(folder)
    for sync_us in SYNCS_US:
        yield f"sync {sync_us} us", disks.slowed(program, sync_us)


def _settings(peers: Sequence[Peer]) -> list[str]:
    """What each contender is and how it was set, once each."""
    told = []
    for peer in peers:
        try:
            told.append(peer.settings())
        except MissingError as missing:
            told.append(f"{peer.name}: {missing}")
    return list(dict.fromkeys(told))


class Run:
    """One after another, the conditions."""

    def __init__(self, program: Path, options: Options) -> None:
        self._program = program
        self._options = options
        self.results = Results()

    def field(self, home: Path, disk: str, accounts: int, *, whole: bool) -> None:
        """All contenders on one disk and number of accounts; ``whole``: the constant ones too."""
        peers = [peer for peer in self._options.peers if whole or peer.kind in DURABLE]
        if accounts != targets.USUAL_ACCOUNTS:
            peers = [peer for peer in peers if peer.kind is not Kind.OWN_FRONT]
        seats = [Seat(peer) for peer in peers]
        try:
            for seat in seats:
                seat.start(home / f"{seat.peer.key}-{accounts}", accounts)
            many = accounts == targets.MANY_ACCOUNTS
            for spread in (Spread.ZIPF, Spread.ALIKE) if many else (Spread.ALIKE,):
                condition = Condition(disk, accounts, spread)
                self._turns(seats, condition)
                if whole and not (many and spread is Spread.ALIKE):
                    self._open_loop(seats)
        finally:
            for seat in seats:
                seat.end()
                self.results.all += seat.results

    def _turns(self, seats: Sequence[Seat], condition: Condition) -> None:
        print(f"  {condition.name}", flush=True)
        for seat in seats:
            seat.take_place(condition)
            seat.check()
        for number in range(self._options.rounds):
            for seat in seats if number % 2 == 0 else reversed(seats):
                seat.closed(self._options.seconds)
        for seat in seats:
            if not seat.failed:
                result = seat.result
                print(f"    {seat.peer.name}: {result.per_second:,.0f}/s", flush=True)

    def _open_loop(self, seats: Sequence[Seat]) -> None:
        for seat in seats:
            seat.opened(self._program, self._options.open_seconds)
