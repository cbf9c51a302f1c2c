"""Runs wrk, the load generator, and reads what its scripts print.

One thread of wrk keeps every connection busy: it sends the next request as soon as an answer is
in. Its latency figures are corrected for the requests that it could not send while it waited
for a slow answer, so a pause weighs as much as it would for independent clients.
"""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

CONNECTIONS = 64
FIRST_ACCOUNT = 1_000_000_000
AMOUNT_CENTS = 1
OPENING_CENTS = {"FOOD": 100_00, "MEAL": 10_000_000_00, "CASH": 100_00}
"""What the scripts open accounts with; purchases draw on MEAL."""

PAUSE_MS = 10
"""The mean pause of each connection of a paced load, after every answer."""

ANSWER_TIMEOUT_S = 10
OPENING_DEADLINE_S = 600
GRACE_S = 60
SCRIPTS = Path(__file__).parent
MARK = "WRK "
ALL_OPEN = "ALL OPEN"
INSTALL = "wrk is missing; install it (on Debian and Ubuntu: apt-get install wrk)"


class WrkError(Exception):
    """wrk is missing, failed, or printed something unexpected."""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk measured. ``percentiles_ms`` is keyed by the percentage as text, like "99.9"."""

    requests: int
    seconds: float
    failed: int
    wrong: int
    max_ms: float
    over_10_ms: int
    over_50_ms: int
    percentiles_ms: dict[str, float]

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return self.requests / self.seconds


class Heads(Enum):
    """What the heads of purchases have beside what they need."""

    SAME = "same"
    """Nothing."""
    NEW = "new"
    """`X-Request-Id` and `traceparent`, new each time."""
    KEYS = "keys"
    """`Idempotency-Key`, new each time."""


class Spread(Enum):
    """How the accounts are used."""

    ALIKE = "alike"
    """All as much as any other."""
    ZIPF = "zipf"
    """As people use cards: the k-th most used one has a share of 1/k."""


def available() -> bool:
    """Whether wrk is installed."""
    return shutil.which("wrk") is not None


def purchases(  # noqa: PLR0913 - each is an option of the script
    url: str,
    accounts: int,
    seconds: int,
    *,
    with_ids: bool = False,
    check: bool = False,
    heads: Heads = Heads.SAME,
    spread: Spread = Spread.ALIKE,
) -> Load:
    """Full load of one-centavo purchases for some seconds; ``check`` looks at every answer.

    Raises:
        WrkError: wrk failed, or a request did, or an answer that was looked at was not approved.
    """
    options = ["ids" if with_ids else "no-ids", "check" if check else "no-check", "0", heads.value]
    options.append(spread.value)
    return clean(parse_load(_run("transactions.lua", url, seconds, [str(accounts), *options])))


def clean(load: Load) -> Load:
    """A load of which nothing failed. ``WrkError`` if something did."""
    if load.failed or load.wrong:
        raise WrkError(f"{load.failed} requests failed and {load.wrong} answers were wrong")
    return load


class Paced:
    """A load under way that leaves the server room."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def is_over(self) -> bool:
        """Whether wrk has ended."""
        return self._process.poll() is not None

    def result(self) -> Load:
        """Wait for the end. ``WrkError`` as for `purchases`."""
        output, errors = self._process.communicate(timeout=GRACE_S)
        if self._process.returncode != 0:
            raise WrkError(f"wrk ended with status {self._process.returncode}: {errors}")
        return clean(parse_load(output))


@contextmanager
def paced(url: str, accounts: int, seconds: int, per_second: float) -> Iterator[Paced]:
    """Purchases at about a rate: as many connections as it takes, each pausing after an answer.

    How many is found out by a trial of a second. A slow answer holds its own connection only, so
    the rate gives way to the server a little, as that of impatient callers would not.
    """
    connections = max(1, round(per_second * (PAUSE_MS + 1) / 1000))
    trial = _paced_command(url, accounts, 1, connections)
    with subprocess.Popen(trial, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        seen = Paced(run).result().per_second
    connections = max(1, round(connections * per_second / seen))
    command = _paced_command(url, accounts, seconds, connections)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Paced(process)
        finally:
            process.terminate()


def _paced_command(url: str, accounts: int, seconds: int, connections: int) -> list[str]:
    command = _command("transactions.lua", url, seconds, [str(accounts)], connections)
    return [*command, "no-ids", "no-check", str(PAUSE_MS), Heads.SAME.value, Spread.ALIKE.value]


def open_accounts(url: str, accounts: int) -> float:
    """Open accounts over HTTP; accounts opened per second. ``WrkError`` if not all could be."""
    command = _command("open_accounts.lua", url, OPENING_DEADLINE_S, [str(accounts)])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.startswith(ALL_OPEN):
                    process.send_signal(signal.SIGINT)
                    break
            seen = _parse(process.stdout.read())
        finally:
            process.terminate()
    if seen["opened"] != accounts:
        raise WrkError(f"{seen['opened']} accounts were opened instead of {accounts}")
    return accounts / (float(seen["duration_us"]) / 1e6)


def parse_load(output: str) -> Load:
    """Read the output of ``transactions.lua``; ``WrkError`` if it is not there."""
    seen = _parse(output)
    return Load(
        requests=seen["requests"],
        seconds=seen["duration_us"] / 1e6,
        failed=seen["failed"],
        wrong=seen["wrong"],
        max_ms=seen["max_us"] / 1e3,
        over_10_ms=seen["over_10_ms"],
        over_50_ms=seen["over_50_ms"],
        percentiles_ms={p: us / 1e3 for p, us in seen["percentiles_us"].items()},
    )


def _parse(output: str) -> dict[str, Any]:
    for line in output.splitlines():
        if line.startswith(MARK):
            seen: dict[str, Any] = json.loads(line.removeprefix(MARK))
            return seen
    raise WrkError(f"wrk printed no result:\n{output}")


def _run(script: str, url: str, seconds: int, arguments: list[str]) -> str:
    run = subprocess.run(
        _command(script, url, seconds, arguments),
        capture_output=True,
        text=True,
        timeout=seconds + GRACE_S,
        check=False,
    )
    if run.returncode != 0:
        raise WrkError(f"wrk ended with status {run.returncode}: {run.stderr}")
    return run.stdout


def _command(
    script: str, url: str, seconds: int, arguments: list[str], connections: int = CONNECTIONS
) -> list[str]:
    if not available():
        raise WrkError(INSTALL)
    command = ["wrk", "--threads", "1", "--connections", str(connections)]
    command += ["--duration", f"{seconds}s", "--timeout", f"{ANSWER_TIMEOUT_S}s"]
    return [*command, "--script", str(SCRIPTS / script), url, "--", str(FIRST_ACCOUNT), *arguments]
