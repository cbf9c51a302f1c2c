"""The answers to purchases as bytes. The body is one of three constants, so they are made once."""

from typing import Final, NamedTuple

from authorizer.actors.purchases import Answer
from authorizer.domain.outcomes import Outcome, Reason

Header = tuple[bytes, bytes]


class Rendered(NamedTuple):
    """An answer, all of it but the request's id."""

    headers: list[Header]
    head: bytes
    """The same headers as lines, each with its line end."""
    body: bytes


def rendered(answer: Answer) -> Rendered:
    """The answer to a purchase; where it is `Unreadable` a header says which member is wrong."""
    if isinstance(answer, Outcome):
        return OF_OUTCOME[answer.reason, answer.replayed]
    headers, head, body = OF_OUTCOME[answer.reason, False]
    header = (b"authorizer-detail", answer.detail.encode("ascii"))
    return Rendered([*headers, header], head + b"%s: %s\r\n" % header, body)


def _made(reason: Reason, replayed: bool) -> Rendered:
    body = b'{"code":"%s"}' % reason.answer_code.encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"authorizer-reason", reason.name_on_wire.encode()),
    ]
    if replayed:
        headers.append((b"authorizer-replayed", b"true"))
    return Rendered(headers, b"".join(b"%s: %s\r\n" % header for header in headers), body)


OF_OUTCOME: Final = {
    (reason, replayed): _made(reason, replayed) for reason in Reason for replayed in (False, True)
}
"""By the reason, and whether the answer was given before."""
