"""The printed requests: each gets the answer that stands below it, on a server with demo data."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from click.testing import CliRunner

from authorizer.cli import main
from tests.support.client import Answer, Client
from tests.support.documents import decode_spelled
from tests.support.server import PATIENT, PROJECT, Server, running

HOST: Final = "http://127.0.0.1:8080"
TIME: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{3})?Z)?")
PROTOCOL: Final = re.compile(r"\d{8}(\d{6,})")
CHANGING_HEADERS: Final = ("date", "x-request-id")
CHANGING_MEMBERS: Final = ("next", "primeira_resposta_vencida", "resolucao_vencida")
"""Members whose value depends on the hour, or is for the server alone: their type counts."""
HOURLY_MEMBERS: Final = ("escalonado_em",)
"""Members that are there once it is late enough."""


class Printed(NamedTuple):
    """A request of the tour, and the text that stands below it."""

    command: str
    answer: str


def tour(page: str) -> list[Printed]:
    """The requests of a page, in their order. A block without one is the one before it again."""
    printed: list[Printed] = []
    text = (PROJECT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    for block in (block for language, block in blocks if not language):
        if block.startswith("authorizer-"):
            printed.append(Printed(printed[-1].command, block))
        elif block.startswith("$ curl "):
            parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
            printed.extend(Printed(*_command_and_answer(part)) for part in parts)
    return printed


def _command_and_answer(part: str) -> tuple[str, str]:
    lines = part.splitlines(keepends=True)
    for length in range(1, len(lines) + 1):
        command = "".join(lines[:length])
        try:
            shlex.split(command)
        except ValueError:  # a quotation mark is still open
            continue
        return command, "".join(lines[length:])
    raise AssertionError(part)


def asked(client: Client, command: str) -> tuple[Answer, bool]:
    """What a curl command gets, and whether it shows the headers."""
    words = shlex.split(command)
    assert words.pop(0) == "curl"
    shows_headers = "-i" in words
    body = words[words.index("-d") + 1] if "-d" in words else None
    method = words[words.index("-X") + 1] if "-X" in words else None
    (url,) = (word for word in words if word.startswith(HOST))
    options = 2 * (body is not None) + 2 * (method is not None)
    assert len(words) == 1 + shows_headers + options, command
    path = url.removeprefix(HOST)
    if body is None:
        return client.get(path), shows_headers
    return client.send(method or "POST", path, body.encode()), shows_headers


def shape(value: Any, name: str = "") -> Any:
    """A document with all that another day changes in it blurred."""
    if isinstance(value, Mapping):
        members = ((key, one) for key, one in value.items() if key not in HOURLY_MEMBERS)
        return {key: shape(one, key) for key, one in members}
    if isinstance(value, list):
        return [shape(one) for one in value]
    if name in CHANGING_MEMBERS:
        return type(value)
    if isinstance(value, str) and TIME.fullmatch(value):
        return TIME.sub("a time", value)
    if name == "protocolo":
        return PROTOCOL.sub(r"a day \1", value)
    return value


def documents(text: str) -> list[Any]:
    """The document of an answer, blurred; of an answer in lines each of them."""
    lines = text.splitlines() if text.startswith('{"id":"n-') else [text]
    return [shape(decode_spelled(line.encode())) for line in lines]


def headers_of(text: str) -> dict[str, str]:
    """Headers as printed, with those that always change blurred."""
    named = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    return {name: "…" if name in CHANGING_HEADERS else value for name, value in named.items()}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as `make run` makes it."""
    folder: Path = tmp_path_factory.mktemp("demo")
    made = CliRunner().invoke(main, ["init", "--demo", "--data", str(folder / "data")])
    assert made.exit_code == 0, made.output
    return folder / "data"


@pytest.fixture
def server(demo: Path, tmp_path: Path) -> Iterator[Server]:
    shutil.copytree(demo, tmp_path / "data")
    with running(tmp_path, *PATIENT) as one:
        yield one


@pytest.mark.parametrize("page", ["README.md", "docs/authorizer.md", "docs/customer-care.md"])
def test_every_request_is_answered_as_printed(server: Server, page: str) -> None:
    printed = tour(page)
    assert len(printed) >= 2
    for command, expected in printed:
        answer, shows_headers = asked(server.client, command)
        if expected.startswith("authorizer-"):
            assert headers_of(expected).items() <= dict(answer.headers).items(), command
            continue
        head, _, body = expected.rpartition("\n\n") if shows_headers else ("", "", expected)
        assert documents(answer.body.decode()) == documents(body), command
        if shows_headers:
            assert head.startswith(f"HTTP/1.1 {answer.status} ")
            told = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
            assert headers_of(told) == headers_of(head), command


def test_the_reports_that_a_browser_shows_have_something_to_show(server: Server) -> None:
    text = (PROJECT / "docs" / "customer-care.md").read_text(encoding="utf-8")
    pages = re.findall(rf"{HOST}(/relatorios/\w+)(?:\.| and)", text)
    assert len(pages) == 2
    for path in pages:
        page = server.client.send("GET", path, headers={"Accept": "text/html"})
        assert page.status == 200
        assert "<svg" in page.body.decode()
    service = server.client.get("/relatorios/atendimento").json()
    assert service["primeira_resposta"]["quantidade"] > 3
    assert service["resolucao_primeira"]["quantidade"] > 3
    assert service["reaberturas"] == 1
