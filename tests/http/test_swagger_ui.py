"""The files of Swagger UI are what was taken from its package, no more and no less."""

from __future__ import annotations

import hashlib
import json

from tests.support.server import PROJECT

FOLDER = PROJECT / "authorizer" / "http" / "api" / "swagger_ui"
RECORD = json.loads((FOLDER / "source.json").read_text())


def test_every_file_is_what_was_recorded() -> None:
    """Where this fails: make swagger-ui."""
    files = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    del files["source.json"]
    assert {name: hashlib.sha256(content).hexdigest() for name, content in files.items()} == (
        RECORD["sha256"]
    )


def test_the_licence_comes_with_them() -> None:
    assert RECORD["licence"] == "Apache-2.0"
    assert "Apache License" in (FOLDER / "LICENSE").read_text()
    assert {"NOTICE", "swagger-ui-bundle.js.LICENSE.txt"} <= RECORD["sha256"].keys()
