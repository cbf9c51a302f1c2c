"""Builds and runs ``open_loop.c``, and reads the records that it writes.

What became of every request is in them, so all figures are worked out here. Latencies are taken
from two moments: when the request was due, and when it was written. A generator that cannot keep up
writes late, so the two differ then.
"""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import wrk

SOURCE: Final = Path(__file__).with_name("open_loop.c")
INSTALL: Final = "gcc is missing; install it (on Debian and Ubuntu: apt-get install gcc libc6-dev)"
NOT_SENT, UNANSWERED, APPROVED, OVERLOADED, TOO_LATE, OTHER = range(6)
LATE_NS: Final = 100_000_000
"""The caller gives up."""
NORMAL_NS: Final = 500_000_000
"""For how long all must be well to be normal."""
GRACE_S: Final = 60
RECORD: Final = np.dtype(
    [("due_ns", "i8"), ("written_ns", "i8"), ("answered_ns", "i8"), ("outcome", "i8")]
)
Records = NDArray[Any]


class OpenLoopError(Exception):
    """The generator is missing, failed, or got an answer that is none of a purchase."""


@dataclass(frozen=True, slots=True)
class Load:
    """The records of one load, times in ns since its start."""

    records: Records
    seconds: float

    def _of(self, *outcomes: int) -> Records:
        chosen: Records = self.records[np.isin(self.records["outcome"], outcomes)]
        return chosen

    @property
    def due_per_second(self) -> float:
        """Requests that were due."""
        return len(self.records) / self.seconds

    @property
    def not_sent_share(self) -> float:
        """The share of these for which no connection was free."""
        return len(self._of(NOT_SENT)) / max(1, len(self.records))

    @property
    def approved_per_second(self) -> float:
        """Approvals, early and late."""
        return len(self._of(APPROVED)) / self.seconds

    @property
    def declined_per_second(self) -> float:
        """Declines: `overloaded` and `too_late`."""
        return len(self._of(OVERLOADED, TOO_LATE)) / self.seconds

    def late_share(self, since: str = "written_ns") -> float:
        """The share of the approvals that came later than the caller waits."""
        approved = self._of(APPROVED)
        return float(np.mean(approved["answered_ns"] - approved[since] > LATE_NS, dtype=float))

    def percentile_ms(self, percent: float, *outcomes: int) -> float:
        """A percentile of the time from writing a request to its answer; 0 if there are none."""
        chosen = self._of(*outcomes)
        if not len(chosen):
            return 0.0
        return float(np.percentile(chosen["answered_ns"] - chosen["written_ns"], percent)) / 1e6

    def percentile_since_due_ms(self, percent: float) -> float:
        """A percentile of the time from when a request was due to its approval, over all of them.

        What was declined for lack of time, or not sent for lack of a connection, takes for ever.
        """
        waited_ns = (self.records["answered_ns"] - self.records["due_ns"]).astype(float)
        waited_ns[self.records["outcome"] != APPROVED] = np.inf
        return float(np.percentile(waited_ns, percent, method="higher")) / 1e6

    def seconds_to_normal(self, from_ns: int) -> float:
        """From a moment to the first half second in which every request was approved in time."""
        approved = self.records["outcome"] == APPROVED
        in_time = self.records["answered_ns"] - self.records["due_ns"] <= LATE_NS
        amiss_ns = self.records["due_ns"][~(approved & in_time)]
        end_ns = round(self.seconds * 1e9)
        turns_ns = np.concatenate(([from_ns], amiss_ns[amiss_ns >= from_ns], [end_ns]))
        calm = np.flatnonzero(np.diff(turns_ns) >= NORMAL_NS)
        return float(turns_ns[calm[0]] - from_ns) / 1e9 if len(calm) else float("inf")


def available() -> bool:
    """Whether there is a compiler."""
    return shutil.which("gcc") is not None


def build(folder: Path) -> Path:
    """Compile the generator into a folder. ``OpenLoopError`` if that cannot be."""
    if not available():
        raise OpenLoopError(INSTALL)
    program = folder / "open_loop"
    command = ["gcc", "-O2", "-Wall", "-Wextra", "-o", str(program), str(SOURCE), "-lm"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        raise OpenLoopError(f"gcc failed: {built.stderr}")
    return program


@dataclass(frozen=True, slots=True)
class Stall:
    """The server stands still: from when on after the start, and for how long."""

    at_s: float
    length_s: float

    @property
    def end_ns(self) -> int:
        """When it goes on, in ns since the start."""
        return round((self.at_s + self.length_s) * 1e9)


@dataclass(frozen=True, slots=True)
class Generator:
    """The program, and whom it loads."""

    program: Path
    port: int
    pid: int
    accounts: int
    core: int = -1
    """The processor core that it runs on; -1: any."""
    spread: wrk.Spread = wrk.Spread.ALIKE
    sleeps: bool = False
    """Whether it leaves its core to others while nothing is due."""

    def run(
        self, connections: int, per_second: float, seconds: float, stall: Stall | None = None
    ) -> Load:
        """Load the server; ``per_second`` 0 is a closed loop. ``OpenLoopError`` if that failed."""
        output = self.program.with_suffix(".records")
        numbers = [self.port, connections, per_second, seconds, wrk.FIRST_ACCOUNT, self.accounts]
        command = [str(self.program), *map(str, numbers), str(self.core), str(output)]
        command += [self.spread.value, "sleeps" if self.sleeps else "spins"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            started = process.stdout.readline().split()
            if stall is not None and started:
                self._stand_still(int(started[1]), stall)
            _, errors = process.communicate(timeout=seconds + GRACE_S)
        if process.returncode != 0:
            raise OpenLoopError(f"the generator ended with {process.returncode}: {errors}")
        load = Load(np.fromfile(output, RECORD), seconds)
        wrong = np.isin(load.records["outcome"], (UNANSWERED, OTHER)).sum()
        if wrong:
            raise OpenLoopError(f"{wrong} requests had no answer, or a wrong one")
        return load

    def _stand_still(self, start_ns: int, stall: Stall) -> None:
        time.sleep(max(0.0, start_ns / 1e9 + stall.at_s - time.monotonic()))
        os.kill(self.pid, signal.SIGSTOP)
        try:
            time.sleep(stall.length_s)
        finally:
            os.kill(self.pid, signal.SIGCONT)
