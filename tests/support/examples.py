"""The examples of the OpenAPI document, asked of a real server.

    python -m tests.support.examples

writes what it answers into `examples.json`, beside the requests that were written by hand.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote, urlencode

from authorizer.http.api import examples as module
from authorizer.http.api.examples import FILE, JSON, Step, Values, step_of, written_examples
from authorizer.http.api.openapi import operation_id
from tests.support.client import Answer, Client
from tests.support.endpoints import ENDPOINTS
from tests.support.server import PATIENT, running

Json = dict[str, Any]

SELF: Final = "get_openapi_json"
_PART: Final = ("openapi", "servers")
"""What the document's example of itself shows."""
_TEXT: Final = 300
"""Characters of an answer that is no JSON, at most; it ends with a line."""
BY_OPERATION: Final = {operation_id(endpoint): endpoint for endpoint in ENDPOINTS}


class Asked(NamedTuple):
    """A step that was asked, once or twice."""

    step: Step
    answers: tuple[Answer, ...]


def play(client: Client, written: list[Json]) -> Iterator[Asked]:
    """Ask these steps in order."""
    values = Values()
    for step in map(step_of, written):
        made = step._replace(path=values.fill_in(step.path), query=values.fill_in(step.query))
        times = 1 if step.again is None else 2
        asked = Asked(step, tuple(_ask(client, made) for _ in range(times)))
        for answer in asked.answers:
            values.keep(shown(step, answer))
            values.keep(next_page(answer))
        yield asked


def _ask(client: Client, step: Step) -> Answer:
    endpoint = BY_OPERATION[step.operation]
    path = re.sub(r"{(\w+)}", lambda name: quote(step.path[name[1]], safe=""), endpoint.path)
    query = f"?{urlencode(step.query, quote_via=quote)}" if step.query else ""
    text = step.body if isinstance(step.body, str) else json.dumps(step.body)
    body = b"" if step.body is None else text.encode()
    return client.send(endpoint.method, path + query, body, step.headers)


def shown(step: Step, answer: Answer) -> Any:
    """An answer as the file has it."""
    if not answer.body:
        return None
    if not media_type_of(answer).endswith(("/json", "+json")):
        text = answer.body.decode()
        lines = text[:_TEXT].rpartition("\n")[0]
        return text if len(text) <= _TEXT else (lines or text[:_TEXT])
    document = json.loads(answer.body)
    return {name: document[name] for name in _PART} if step.operation == SELF else document


def next_page(answer: Answer) -> dict[str, str]:
    """The cursor that a `Link` names."""
    found = re.search(r"[?&]before=([^&>]+)", answer.headers.get("link", ""))
    return {"next": unquote(found[1])} if found else {}


def media_type_of(answer: Answer) -> str:
    return answer.headers.get("content-type", JSON).partition(";")[0]


def main() -> None:
    """Write the answers of a new server. AssertionError for a status that is not as written."""
    written = written_examples()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), *PATIENT) as server:
        list(play(server.client, written["setup"]))
        for one, asked in zip(written["steps"], play(server.client, written["steps"]), strict=True):
            one.update(_recorded(asked))
    path = Path(module.__file__).parent / FILE
    path.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n")


def _recorded(asked: Asked) -> Json:
    step, answers = asked
    statuses = [answer.status for answer in answers]
    expected = [step.status] if step.again is None else [step.status, step.again]
    assert statuses == expected, (step, answers)
    recorded: Json = {"answers": {}}
    for answer in answers:
        recorded["answers"].setdefault(str(answer.status), shown(step, answer))
    if step.status < 400 and media_type_of(answers[0]) != JSON:
        recorded["media_type"] = media_type_of(answers[0])
    if next_page(answers[0]):
        recorded["told"] = next_page(answers[0])
    return recorded


if __name__ == "__main__":
    main()
