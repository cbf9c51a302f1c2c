"""Bits that change on a disk while nothing runs: damage is told, never taken for what was there."""

from __future__ import annotations

from typing import Final

from authorizer.persistence.journal.segments import JournalDamagedError
from authorizer.persistence.state.recovery import Recovered
from authorizer.simulation.checks import must
from authorizer.simulation.machine import Machine

SNAPSHOTS: Final = "snapshots"


class Decay:
    """Turns a bit of a file over."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._rotten: str | None = None
        """The snapshot with a bit turned over."""

    def befall(self, where: str, at: float) -> None:
        """Turn a bit over in a file of a folder, at a share of its length.

        A damaged journal must be refused, and is mended. A damaged snapshot stays.
        """
        files = self._machine.memory.files()
        names = sorted(
            name for name in files if name.startswith(f"{where}/") and _belongs(name, where)
        )
        if where == SNAPSHOTS:
            names = names[-1:]
        if not names:
            return
        choice = int(at * 7919)
        name = names[-1] if choice % 2 else names[choice % len(names)]
        content = bytearray(files[name])
        content[int(at * len(content))] ^= 1 << int(at * 8191) % 8
        self._machine.memory.put(name, bytes(content))
        if where == SNAPSHOTS:
            self._rotten = name
            return
        self._must_be_refused(name)
        self._machine.memory.put(name, files[name])

    def check(self, found: Recovered) -> None:
        """A start has passed over the damaged snapshot, and said so."""
        if self._rotten is not None:
            told = any(self._rotten in each for each in found.damaged_snapshots)
            must(told, "a damaged snapshot was not told", self._rotten, found.damaged_snapshots)
            self._rotten = None

    def _must_be_refused(self, name: str) -> None:
        try:
            self._machine.recover(use_snapshots=False)
        except JournalDamagedError as error:
            must(name in str(error), "the damage was told of another file", name, str(error))
            return
        must(False, "damage was taken for a journal", name)


def _belongs(name: str, where: str) -> bool:
    suffix = ".snapshot" if where == SNAPSHOTS else ".journal"
    return name.endswith(suffix)
