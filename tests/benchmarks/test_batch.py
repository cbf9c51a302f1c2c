"""The benchmark of batches: what it sends is decided, and its books are looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import batch
from benchmarks.books import WrongBooksError


def test_batches_are_measured_and_the_books_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "ACCOUNTS", 5)
    figures = {figure.name: figure.value for figure in batch.measure(tmp_path, batches=2, lines=20)}
    assert figures["batches of 20: decisions"] > 0
    assert figures["user time a decision"] >= 0
    assert 0 < figures["a purchase alone, beside them: p50"] <= figures["… slowest"]


def test_books_that_do_not_agree_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "ACCOUNTS", 5)
    monkeypatch.setattr(batch.Alone, "AMOUNT_CENTS", 2)
    with pytest.raises(WrongBooksError):
        batch.measure(tmp_path, batches=1, lines=20)
