"""The servers under measurement, and what can be seen of them from outside."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.support.server import Server, ServerEnded, python, running

DECISIONS = "authorizer_decisions_total"


@contextmanager
def authorizer(folder: Path) -> Iterator[Server]:
    """A ready authorizer on ``folder``/data, without read models; else as it comes.

    Their process would take its time from the load generator's core where there are two. ``care``
    measures what they cost.
    """
    with running(folder, "--log-level", "warning", "--reports", "false") as server:
        yield server


@contextmanager
def constant_endpoint(folder: Path) -> Iterator[Server]:
    """The Starlette endpoint that always approves, ready."""
    server = Server(folder, command=[python(), "-m", "benchmarks.constant_endpoint", "{port}"])
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


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used so far, all threads, user and system."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user_ticks, system_ticks = map(int, after_name[11:13])
    return (user_ticks + system_ticks) / os.sysconf("SC_CLK_TCK")


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
