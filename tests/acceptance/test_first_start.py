"""What a start without keys prints to try can be pasted, and is approved."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.server import PATIENT, running


def tried(client: Client, command: str) -> tuple[int, str | None]:
    """The status, and the reason if it is a purchase, that a printed curl command gets."""
    words = shlex.split(command)
    method = words[words.index("-X") + 1] if "-X" in words else "POST"
    (url,) = (word for word in words if word.startswith("http://"))
    assert url.startswith(f"http://127.0.0.1:{client.port}/")
    path = re.sub(r"^http://[^/]*", "", url)
    answer = client.send(method, path, words[words.index("-d") + 1].encode())
    return answer.status, answer.headers.get("authorizer-reason")


@pytest.mark.parametrize("wallet", ["CASH", "DIA D'ÁGUA"])
def test_what_is_printed_on_an_empty_folder_is_approved(wallet: str, tmp_path: Path) -> None:
    with running(tmp_path, *PATIENT, "--fallback-wallet", wallet) as server:
        opening, purchase = re.findall(r"^  (curl .*(?:\n    .*)*)$", server.log(), re.MULTILINE)
        assert tried(server.client, opening) == (201, None)
        assert tried(server.client, purchase) == (200, "approved")
        assert server.stop() == 0
        first = len(server.log_path.read_bytes())
        server.start()
        again = server.log_path.read_bytes()[first:].decode()
        (printed,) = re.findall(r"^  (curl .*(?:\n    .*)*)$", again, re.MULTILINE)
        assert tried(server.client, printed) == (200, "approved")
