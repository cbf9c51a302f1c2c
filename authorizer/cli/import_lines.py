"""What `import` reads: NDJSON lines, or one customer document, as checked entries.

The documents that check requests check entries too. A line that is no entry comes as a `BadLine`,
with the reason, so that the reader can report it and go on.
"""

import codecs
from collections.abc import Iterator
from typing import IO, Any, Final, Literal, NamedTuple

from pydantic import ValidationError
from starlette.exceptions import HTTPException

from authorizer.http.accounts import AccountDocument
from authorizer.http.api.fields import Identity
from authorizer.http.api.wire import MAX_BODY_BYTES, read_json
from authorizer.http.customer_document import CustomerDocument
from authorizer.http.merchants import MerchantDocument

_SKIPPED_AT_ONCE: Final = 1 << 20


class AccountEntry(AccountDocument):
    """An account: `PUT /accounts/{account}` with the account among the members."""

    kind: Literal["account"] = "account"
    account: Identity


class MerchantEntry(MerchantDocument):
    """A merchant override: `PUT /merchants`."""

    kind: Literal["merchant"] = "merchant"


class CustomerEntry(CustomerDocument):
    """A customer: `PUT /clientes/{cliente_id}`."""

    kind: Literal["customer"] = "customer"


Entry = AccountEntry | MerchantEntry | CustomerEntry

KINDS: Final[dict[str, type[Entry]]] = {
    "account": AccountEntry,
    "merchant": MerchantEntry,
    "customer": CustomerEntry,
}


class LineSource(NamedTuple):
    """The file and the number of a line."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class GoodLine(NamedTuple):
    """A line that is an entry."""

    source: LineSource
    size_bytes: int
    entry: Entry


class BadLine(NamedTuple):
    """A line that is no entry, and the reason."""

    source: LineSource
    size_bytes: int
    problem: str


Line = GoodLine | BadLine


class _NoEntryError(Exception):
    """These bytes are no entry; the message says why."""


def read_lines(stream: IO[bytes], file: str) -> Iterator[Line]:
    """The entries of a stream, one line after the other; blank lines are passed over.

    A file named `.json`, and anything whose first line is a lone `{`, is one document.
    """
    number = 0
    while raw := stream.readline(MAX_BODY_BYTES + 1):
        number += 1
        source = LineSource(file, number)
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if number == 1 and (file.endswith(".json") or raw.strip() == b"{"):
            yield _line(source, raw + stream.read(MAX_BODY_BYTES + 1))
            return
        if len(raw) > MAX_BODY_BYTES and not raw.endswith(b"\n"):
            yield BadLine(source, len(raw) + _skip_line(stream), _TOO_LONG)
        elif not raw.isspace():
            yield _line(source, raw)


_TOO_LONG: Final = f"it is longer than {MAX_BODY_BYTES} bytes"


def _line(source: LineSource, raw: bytes) -> Line:
    try:
        return GoodLine(source, len(raw), _entry(raw))
    except _NoEntryError as error:
        return BadLine(source, len(raw), str(error))


def _entry(raw: bytes) -> Entry:
    if len(raw) > MAX_BODY_BYTES:
        raise _NoEntryError(_TOO_LONG)
    try:
        document = read_json(raw)
    except HTTPException as error:
        raise _NoEntryError("it is no JSON document") from error
    if not isinstance(document, dict):
        raise _NoEntryError("it is no JSON object")
    try:
        return KINDS[_kind(document)].model_validate(document)
    except ValidationError as error:
        raise _NoEntryError(_problems(error)) from error


def _kind(document: dict[str, Any]) -> str:
    kind = document.get("kind")
    if kind is not None:
        if not isinstance(kind, str) or kind not in KINDS:
            raise _NoEntryError(f"kind: must be one of {', '.join(KINDS)}")
        return kind
    if "account" in document:
        return "account"
    if "cliente_id" in document:
        return "customer"
    if "name" in document:
        return "merchant"
    raise _NoEntryError("it is no account, merchant or customer: say its kind")


def _problems(error: ValidationError) -> str:
    """All that is wrong, without the values: they may be personal data."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(
        ": ".join(filter(None, (".".join(map(str, one["loc"])), one["msg"]))) for one in found
    )


def _skip_line(stream: IO[bytes]) -> int:
    skipped = 0
    while part := stream.readline(_SKIPPED_AT_ONCE):
        skipped += len(part)
        if part.endswith(b"\n"):
            break
    return skipped
