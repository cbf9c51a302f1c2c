"""Every metric there is: it moves on a real server, and the documentation has it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import PROJECT, Server
from tests.support.waiting import PATIENCE_S, comes_true
from tests.wiring.metrics_by_server import CASES, House, families, house

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
            comes_true(partial(have_moved, on, do, before, still), PATIENCE_S)
            with subtests.test(do.__doc__ or ""):
                assert not still


def have_moved(
    on: House, do: Callable[[House], None], before: Mapping[str, dict[Any, float]], still: set[str]
) -> bool:
    """Whether all have moved, and so are taken out; else it is done again, if it is over."""
    now = on.seen or on.read()
    still -= {name for name in still if now[name] != before[name]}
    if still and on.seen:  # it may have been too quick to be seen
        on.seen = {}
        do(on)
    return not still
