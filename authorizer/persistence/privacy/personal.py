"""Several texts ⇄ the one text that is sealed: a JSON array of them in order."""

from collections.abc import Sequence

import orjson

from authorizer.domain.customers.person import Person


def join_texts(texts: Sequence[str | None]) -> str:
    """Texts as one."""
    return orjson.dumps(tuple(texts)).decode()


def unpack(text: str) -> Person:
    """The person whose fields were joined."""
    return Person(*orjson.loads(text))
