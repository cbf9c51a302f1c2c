"""Every metric there is: it moves on a real server, and the documentation has it."""

from __future__ import annotations

import re
import time
from itertools import groupby
from pathlib import Path

import pytest

from tests.support.server import PROJECT, Server
from tests.wiring.metrics_by_server import CASES, PATIENCE_S, families, house

DOCUMENTED = re.compile(r"`(authorizer_\w+?)(?:\{[\w,]+\})?`")


def documented() -> set[str]:
    """The names in the table of docs/operations.md, as `/metrics` has them."""
    text = (PROJECT / "docs/operations.md").read_text(encoding="utf-8")
    section = text.partition("\n## Metrics\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in DOCUMENTED.findall(row)}


def types(text: str) -> dict[str, str]:
    """The type of each metric by its name in the text."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def test_every_metric_is_documented_and_none_that_is_not_there(server: Server) -> None:
    assert sorted(documented()) == sorted(types(server.client.get("/metrics").body.decode()))


def test_every_metric_has_a_case(server: Server) -> None:
    assert sorted(CASES) == sorted(families(server.client.get("/metrics").body))


def test_every_metric_moves_on_a_real_server(tmp_path: Path, subtests: pytest.Subtests) -> None:
    """`/metrics` before and after, or amid, what is to move it."""
    with house(tmp_path) as on:
        for do, names in groupby(CASES, CASES.__getitem__):
            still = set(names)
            before, on.seen = on.read(), {}
            do(on)
            deadline = time.monotonic() + PATIENCE_S / 4
            while True:
                now = on.seen or on.read()
                still = {name for name in still if now[name] == before[name]}
                if not still or time.monotonic() > deadline:
                    break
                if on.seen:  # it may have been too quick to be seen
                    on.seen = {}
                    do(on)
            with subtests.test(do.__doc__ or ""):
                assert not still
