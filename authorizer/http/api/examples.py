"""The examples of the OpenAPI document: requests in order, and their answers.

The requests are written by hand in `examples.json`; `make examples` asks a real server and writes
its answers beside them. `@protocolo`, `@next` and `@proximo` in a request stand for the member of
that name in an earlier answer.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pkgutil import get_data
from typing import Any, Final, NamedTuple

Json = dict[str, Any]

FILE: Final = "examples.json"
JSON: Final = "application/json"
_TOLD: Final = ("protocolo", "next", "proximo")
"""Members of answers that later requests may refer to."""


class Step(NamedTuple):
    """A request, its answer, and the answer to the same request a second time."""

    operation: str
    name: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Json | str | None
    """A document, or a text that is none."""
    status: int
    again: int | None
    media_type: str
    answers: Mapping[int, Any]
    """By status: the document, a text that may be cut off, None for no content."""
    told: Mapping[str, str]
    """Values for later requests that no document has: a cursor that a header names."""


class Values(dict[str, str | None]):
    """The values of earlier answers that later requests refer to, by name."""

    def keep(self, answer: Any) -> None:
        """Keep the values of an answer."""
        if isinstance(answer, dict):
            self.update({name: answer[name] for name in _TOLD if name in answer})

    def fill_in(self, values: Mapping[str, str]) -> dict[str, str]:
        """The values of a request, references replaced. One that is not known yet stays."""
        return {
            name: (value.startswith("@") and self.get(value[1:])) or value
            for name, value in values.items()
        }


def step_of(written: Json) -> Step:
    """Parse a step of the file."""
    return Step(
        written["operation"],
        written.get("name", "example"),
        written.get("path", {}),
        written.get("query", {}),
        written.get("headers", {}),
        written.get("body"),
        written["status"],
        written.get("again"),
        written.get("media_type", JSON),
        {int(status): answer for status, answer in written.get("answers", {}).items()},
        written.get("told", {}),
    )


@cache
def written_examples() -> Json:
    """The parsed file."""
    content = get_data(__package__, FILE)
    assert content is not None
    document: Json = json.loads(content)
    return document


class Examples:
    """The examples of parameters, bodies, answers and problems."""

    def __init__(self, written: Json) -> None:
        self._steps = list(_told(written))
        self._problems: Json = written["problems"]

    def parameter(self, operation: str, where: str, name: str) -> str | None:
        """The value of a parameter of the path or the query, or of a header, if there is one."""
        kind = {"path": "path", "query": "query", "header": "headers"}[where]
        values = (getattr(step, kind).get(name) for step in self._good(operation))
        return next((value for value in values if value is not None), None)

    def body(self, operation: str) -> Json:
        """The `example` or `examples` of a request's body; empty if there is none."""
        return _shown({one.name: one.body for one in self._good(operation) if one.body is not None})

    def answer(self, operation: str, status: int, media_type: str) -> Json:
        """The `example` or `examples` of an answer; empty if there is none."""
        return _shown(
            {
                step.name: step.answers[status]
                for step in self._good(operation)
                if step.media_type == media_type and step.answers.get(status) is not None
            }
        )

    def problem(self, status: int) -> Json:
        """The `example` of the problem of a status; empty if there is none."""
        answers = (step.answers.get(status) for step in self._steps)
        return _shown(
            {"problem": next(filter(None, answers), None) or self._problems.get(str(status))}
        )

    def _good(self, operation: str) -> Iterator[Step]:
        return (one for one in self._steps if one.operation == operation and one.status < 400)


@cache
def examples() -> Examples:
    """The examples of the file."""
    return Examples(written_examples())


def _told(written: Json) -> Iterator[Step]:
    values = Values()
    for one in map(step_of, written["steps"]):
        yield one._replace(path=values.fill_in(one.path), query=values.fill_in(one.query))
        for answer in one.answers.values():
            values.keep(answer)
        values.keep(one.told)


def _shown(values: Mapping[str, Any]) -> Json:
    """One example goes by itself, several by their names."""
    found = {name: value for name, value in values.items() if value is not None}
    if len(found) == 1:
        return {"example": next(iter(found.values()))}
    return {"examples": {name: {"value": value} for name, value in found.items()}} if found else {}
