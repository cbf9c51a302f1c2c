"""The servers under measurement, and what can be seen of them from outside."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.builds import Build, present
from tests.support.server import Server, ServerEnded, python

DECISIONS = "authorizer_decisions_total"
START_S = 600.0
"""Of a million accounts, on a machine with other work."""


@contextmanager
def authorizer(
    folder: Path, build: Build | None = None, *, read_models: bool = False
) -> Iterator[Server]:
    """A ready authorizer on ``folder``/data, of the present build or another; else as it comes.

    It has no read models by default. Their process would take its time from the load generator's
    core where there are two. ``care`` measures what they cost.
    """
    flags = ["--log-level", "warning", "--reports", str(read_models).lower()]
    command = (build or present()).serve_command(*flags)
    server = Server(folder.resolve(), command=command)
    try:
        server.spawn()
        server.wait_ready(START_S)
        yield server
    finally:
        server.end()


@contextmanager
def constant_endpoint(folder: Path, *, bare: bool = False) -> Iterator[Server]:
    """The Starlette endpoint that always approves, ready; ``bare``: the same without Starlette."""
    command = [
        python(),
        "-m",
        "benchmarks.constant_endpoint",
        "{port}",
        *(["bare"] if bare else []),
    ]
    server = Server(folder, command=command)
    try:
        yield server.start()
    finally:
        server.end()


def url(server: Server) -> str:
    """The base address of a server."""
    return f"http://127.0.0.1:{server.port}"


def stop(server: Server) -> None:
    """Drain a server and have it take its snapshot. ``ServerEnded`` if that did not end well."""
    if status := server.stop():
        raise ServerEnded(f"ended with status {status}: {server.log()}")


def memory_bytes(pid: int) -> tuple[int, int]:
    """Resident memory of a process: now, and at its highest so far."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB$", status, re.MULTILINE))
    return int(found["VmRSS"]) * 1024, int(found["VmHWM"]) * 1024


class ProcessorTime(NamedTuple):
    """Seconds of processor time, all threads of a process together."""

    user_s: float
    system_s: float

    @property
    def total_s(self) -> float:
        """User and system time."""
        return self.user_s + self.system_s

    def since(self, earlier: "ProcessorTime") -> "ProcessorTime":
        """What was used between two readings."""
        return ProcessorTime(self.user_s - earlier.user_s, self.system_s - earlier.system_s)


def processor_time(pid: int) -> ProcessorTime:
    """What a process has used so far."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user_ticks, system_ticks = map(int, after_name[11:13])
    tick_s = 1 / os.sysconf("SC_CLK_TCK")
    return ProcessorTime(user_ticks * tick_s, system_ticks * tick_s)


def processor_times(pids: Iterable[int]) -> dict[int, float]:
    """Seconds of processor time that processes have used so far, without those that are gone."""
    used_s = {}
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            used_s[pid] = processor_time(pid).total_s
    return used_s


def used_since(before: Mapping[int, float], pids: Iterable[int]) -> float:
    """Seconds of processor time that processes have used since ``processor_times``."""
    now = processor_times(pids)
    return sum(used_s - before.get(pid, 0.0) for pid, used_s in now.items())


def decisions_by_code(server: Server) -> Counter[str]:
    """How many purchases an authorizer has answered since its start, by code."""
    return count_decisions(server.client.get("/metrics").body.decode())


def gauge(server: Server, name: str) -> float:
    """A gauge of an authorizer as it stands."""
    text = server.client.get("/metrics").body.decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name:
                return float(sample.value)
    raise KeyError(name)


def count_decisions(metrics: str) -> Counter[str]:
    """Add up the decisions in a text of Prometheus metrics, by code."""
    counts: Counter[str] = Counter()
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            if sample.name == DECISIONS:
                counts[sample.labels["code"]] += int(sample.value)
    return counts
