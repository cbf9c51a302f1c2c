"""The lines of a batch → purchases, or why one is none.

Lines are read in one of two ways. Many at a time, where they are all alike and plainly right, as
nearly all are: orjson reads them as one array, and what is checked is checked by columns. One by
one, by `transaction_body.parse`, where they are not; the first way gives what that would give.
"""

import re
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

import orjson

from authorizer.actors.batch_shares import Window
from authorizer.actors.batch_turns import Turn
from authorizer.actors.purchases import Unreadable
from authorizer.domain.money import parse_cents
from authorizer.domain.outcomes import OUTCOMES, Outcome
from authorizer.http.api.fields import MAX_ID_LENGTH, MAX_TEXT_LENGTH
from authorizer.http.transaction_body import parse

UNIT: Final = 128
"""Lines that are read at a time."""
_C1: Final = re.compile(r"[\x80-\x9f]")
"""Control characters that JSON need not escape, as the one behind the tilde."""
_MAX_AMOUNTS: Final = 16_384
"""Amounts whose centavos are kept at hand."""


class _Cents(dict[bytes, int]):
    """The centavos of amounts as they are written; 0 where they are no amount of a purchase."""

    def __missing__(self, text: bytes) -> int:
        if len(self) >= _MAX_AMOUNTS:
            self.clear()
        cents = self[text] = max(0, parse_cents(text.decode()) or 0)
        return cents


class _Shape(NamedTuple):
    """The members that lines have, which are all alike."""

    texts: tuple[str, ...]
    """Those that are texts."""
    members: frozenset[int]
    """How many there are."""
    quotes: int
    """How many quotation marks they need."""
    amount: re.Pattern[bytes]
    """Finds the other one, as it is written."""


def _shape(account: str, amount: str, *, has_id: bool) -> _Shape:
    texts = (account, "mcc", "merchant", *(("id",) if has_id else ()))
    return _Shape(
        texts,
        frozenset((len(texts) + 1,)),
        2 * (len(texts) + 1) + 2 * len(texts),
        re.compile(rb'"%s"\s*:\s*(-?[0-9][0-9.eE+-]*)' % amount.encode()),
    )


_SHAPES: Final = {
    (account, amount, has_id): _shape(account, amount, has_id=has_id)
    for account in ("account", "accountId")
    for amount in ("totalAmount", "amount")
    for has_id in (True, False)
}


class PlainLines(NamedTuple):
    """Lines that are all plainly right, by their members."""

    accounts: Sequence[str]
    ids: Sequence[str | None]
    amounts_cents: Sequence[int]
    mccs: Sequence[str]
    merchants: Sequence[str]


class ReadLines:
    """Lines of a batch as they are read, in their order."""

    def __init__(self) -> None:
        self.window = Window()
        """Those that are purchases."""
        self.heads: list[str] = []
        """By line: how its answer begins, up to the code."""
        self.unreadable: dict[int, Outcome] = {}
        """By their places among the lines: what those are answered that are no purchases."""

    def outcomes(self, decided: list[Outcome]) -> list[Outcome]:
        """What each line is answered, by what was decided of those that are purchases."""
        if not self.unreadable:
            return decided
        rest = iter(decided)
        return [self.unreadable.get(at) or next(rest) for at in range(len(self.heads))]


class BatchReader:
    """Reads lines. It keeps amounts at hand, which come again and again."""

    def __init__(self) -> None:
        self.cents = _Cents()

    async def read(self, lines: Sequence[bytes], by: str, turn: Turn) -> ReadLines:
        """Read lines, with pauses where they take long."""
        found = ReadLines()
        for at in range(0, len(lines), UNIT):
            unit = lines[at : at + UNIT]
            plain = plainly(unit, self.cents)
            if plain is not None:
                _add_plain(found, plain)
                if turn.is_over():
                    await turn.pause()
                continue
            for line in unit:
                _add(found, line, by)
                if turn.is_over():
                    await turn.pause()
        return found


def _add_plain(found: ReadLines, plain: PlainLines) -> None:
    purchases, shares = found.window.purchases, found.window.shares
    for place, account_id in enumerate(plain.accounts, len(purchases)):
        if account_id in shares:
            shares[account_id].append(place)
        else:
            shares[account_id] = [place]
    purchases.ids += plain.ids
    purchases.amounts_cents += plain.amounts_cents
    purchases.mccs += plain.mccs
    purchases.merchants += plain.merchants
    # no id here needs to be escaped in JSON
    found.heads += ["{" if key is None else f'{{"id":"{key}",' for key in plain.ids]


def _add(found: ReadLines, line: bytes, by: str) -> None:
    command = parse(line, by, (), 0)
    if isinstance(command, Unreadable):
        found.unreadable[len(found.heads)] = OUTCOMES[command.reason]
        found.heads.append(_head(_readable_id(line)))
        return
    purchases = found.window.purchases
    found.window.shares.setdefault(command.account_id, []).append(len(purchases))
    purchases.add(command)
    found.heads.append(_head(command.transaction_id))


def _head(transaction_id: str | None) -> str:
    return "{" if transaction_id is None else f'{{"id":{orjson.dumps(transaction_id).decode()},'


def _readable_id(line: bytes) -> str | None:
    """The id of a line that is no purchase, if it has one that is short enough to be repeated."""
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    found = document.get("id") if isinstance(document, dict) else None
    return found if isinstance(found, str) and len(found) <= MAX_ID_LENGTH else None


def plainly(lines: Sequence[bytes], cents_of: _Cents) -> PlainLines | None:
    """The purchases of lines that are all alike and plainly right; None for any others.

    The lines are joined by a comma and a line feed, which can't stand in a text. All of them begin
    and end with a brace, there are as many objects as lines, every member is a text or a number,
    and there are as many quotation marks as these members need: so each line is one object, and no
    member of it is there twice.
    """
    if max(map(len, lines)) > MAX_TEXT_LENGTH:
        return None
    body = b"[%s]" % b",\n".join(lines)
    if (
        body.count(b"},\n{") != len(lines) - 1
        or not (body.startswith(b"[{") and body.endswith(b"}]"))
        or b"\\" in body
    ):
        return None
    try:
        documents: list[dict[str, Any]] = orjson.loads(body)
        first = documents[0]
        shape = _SHAPES[
            "account" if "account" in first else "accountId",
            "totalAmount" if "totalAmount" in first else "amount",
            "id" in first,
        ]
        rows = map(itemgetter(*shape.texts), documents)
        accounts, mccs, merchants, *rest = zip(*rows, strict=True)
        texts = {*accounts, *mccs, *merchants}
        "".join(texts)
        ids = rest[0] if rest else None
        joined = "".join(ids) if ids else ""
    except (orjson.JSONDecodeError, KeyError, TypeError):  # and of texts that are none
        return None
    amounts = shape.amount.findall(body)
    if (
        len(documents) != len(lines)
        or len(amounts) != len(lines)
        or set(map(len, documents)) != shape.members
        or body.count(b'"') != shape.quotes * len(lines)
        or not all(map(str.strip, texts))
    ):
        return None
    cents = [cents_of[amount] for amount in amounts]
    if 0 in cents:
        return None
    if ids is None:
        return PlainLines(accounts, [None] * len(lines), cents, mccs, merchants)
    if (
        "/" in joined
        or "\x7f" in joined
        or (not joined.isascii() and _C1.search(joined))
        or max(map(len, ids)) > MAX_ID_LENGTH
        or not all(map(str.strip, ids))
    ):
        return None
    return PlainLines(accounts, ids, cents, mccs, merchants)
