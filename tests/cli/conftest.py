"""Fixtures for the commands."""

from __future__ import annotations

import gc
import logging
import os
import shutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
import structlog

from tests.support.command_line import run


@pytest.fixture(autouse=True)
def _process_as_before() -> Iterator[None]:
    """A command leaves this process's logs and garbage collector as they were."""
    root = logging.getLogger()
    handlers, level, threshold = root.handlers[:], root.level, gc.get_threshold()
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    gc.set_threshold(*threshold)
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("AUTHORIZER_"):
            monkeypatch.delenv(name)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that is not there yet."""
    return tmp_path / "data"


@pytest.fixture(scope="session")
def _demo_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo data, imported once."""
    data = tmp_path_factory.mktemp("demo") / "data"
    with resources.as_file(resources.files("authorizer").joinpath("demo")) as folder:
        files = (folder / name for name in ("accounts.ndjson", "merchants.ndjson", "customer.json"))
        assert run("import", *files, "--data", data).exit_code == 0
    shutil.rmtree(data / "archive", ignore_errors=True)  # no copy of one is believed
    return data


@pytest.fixture
def demo(data: Path, _demo_made: Path) -> Path:
    """A data folder with the demo data, and without its story."""
    shutil.copytree(_demo_made, data)
    return data
