"""Sends what a scenario says: its names get a prefix on the way out and lose it in answers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote, unquote

from tests.conformance.life_expected import MISSING
from tests.support.client import Answer, Client
from tests.support.documents import Document, encode
from tests.support.together import Request
from tests.support.waiting import PATIENCE_S, POLL_S

COLLECTIONS: Final = frozenset(("accounts", "authorizations", "limits", "cartoes", "clientes"))
"""Segments of a path that a name follows."""
NAMES: Final = frozenset(
    ("id", "account", "accountId", "card", "cards", "cartao_id", "cliente_id", "conta")
)
"""Members that hold names."""
SAVED: Final = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Sent:
    """A request, as it goes out and in the scenario's own names."""

    method: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    words: tuple[str, ...]
    """The segments of the path, decoded and without the prefix."""
    document: Any
    """The body without the prefix; MISSING where there is none or it is raw."""

    def at_once(self) -> Request:
        """The request for many at once."""
        return Request(self.method, self.url, self.body)


class LifeClient:
    """Speaks a scenario's names with one server, which may be another process later on."""

    def __init__(self, client: Callable[[], Client], prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self.saved: Document = {"big": "x" * 70_000}

    def call(self, step: Document, **more: object) -> tuple[Sent, Answer]:
        """Send one request; a read that is asked to come back later does."""
        sent = self.made(step, **more)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self._client().send(sent.method, sent.url, sent.body, sent.headers)
            later = answer.status == 503 and "retry-after" in answer.headers
            if sent.method != "GET" or not later or time.monotonic() > deadline:
                return sent, self.own(answer)
            time.sleep(POLL_S)

    def made(self, step: Document, **more: object) -> Sent:
        """The request of a step. `more` are values for its `${name}`."""
        path, mark, query = step["path"].partition("?")
        words = [str(self.filled(unquote(word), **more)) for word in path.split("/")[1:]]
        before = ["", *words]
        segments = [
            quote(self._prefix + word if before[at] in COLLECTIONS else word, safe="")
            for at, word in enumerate(words)
        ]
        url = "/" + "/".join(segments) + mark + self._filled_query(query, more)
        document = step.get("body", MISSING)
        body = b""
        if "raw" in step:
            body = step["raw"].replace("{p}", self._prefix).encode("utf-8", "surrogatepass")
            document = MISSING
        elif document is not MISSING:
            document = self.filled(document, **more)
            body = encode(self._named(document))
        headers = {"Content-Type": "application/json"} | (step.get("headers") or {})
        kept = {name: value for name, value in headers.items() if value is not None}
        return Sent(step["method"], url, body, kept, tuple(words), document)

    def own(self, answer: Answer) -> Answer:
        """The answer in the scenario's names."""
        return replace(answer, body=answer.body.replace(self._prefix.encode(), b""))

    def filled(self, value: Any, **more: object) -> Any:
        """`value` with every `${name}` in it replaced."""
        if isinstance(value, dict):
            return {key: self.filled(one, **more) for key, one in value.items()}
        if isinstance(value, list):
            return [self.filled(one, **more) for one in value]
        if not isinstance(value, str) or "${" not in value:
            return value
        known = self.saved | more
        whole = SAVED.fullmatch(value)
        return known[whole[1]] if whole else SAVED.sub(lambda m: str(known[m[1]]), value)

    def _filled_query(self, query: str, more: Document) -> str:
        known = self.saved | more
        return SAVED.sub(lambda m: quote(str(known[m[1]]), safe=""), query)

    def _named(self, value: Any, key: str | None = None) -> Any:
        if isinstance(value, dict):
            return {name: self._named(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [self._named(one, key) for one in value]
        named = key in NAMES and isinstance(value, str) and value.strip()
        return self._prefix + value if named else value
