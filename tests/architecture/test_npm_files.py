"""Files that come from npm packages are what was taken, no more and no less."""

from __future__ import annotations

import hashlib
import json

import pytest

from tools.npm_files import PACKAGES


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_is_what_was_recorded(package: str) -> None:
    """Where this fails: make swagger-ui, htmx or axe-core."""
    taken = PACKAGES[package]
    record = json.loads((taken.folder / "source.json").read_text())
    files = {path.name: path.read_bytes() for path in taken.folder.iterdir()}
    del files["source.json"]
    assert {name: hashlib.sha256(content).hexdigest() for name, content in files.items()} == (
        record["sha256"]
    )
    assert (record["package"], record["licence"]) == (package, taken.licence)


@pytest.mark.parametrize(
    ("package", "words"),
    [
        ("swagger-ui-dist", "Apache License"),
        ("htmx.org", "Zero-Clause BSD"),
        ("axe-core", "Mozilla Public License"),
    ],
)
def test_the_licence_comes_with_them(package: str, words: str) -> None:
    folder = PACKAGES[package].folder
    assert words in (folder / "LICENSE").read_text()
    names = set(json.loads((folder / "source.json").read_text())["sha256"])
    assert package != "swagger-ui-dist" or {"NOTICE", "swagger-ui-bundle.js.LICENSE.txt"} <= names
