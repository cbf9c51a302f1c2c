"""Every word of the wire has one for people; every text of the console one in English."""

from __future__ import annotations

from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from authorizer.console import words
from authorizer.console.formats import ENGLISH, PORTUGUESE, Formats
from authorizer.domain.access import AccessKind
from authorizer.domain.accounts.cards import BLOCK_REASONS, CardStatus, OperationKind
from authorizer.domain.accounts.purchase_state import OperationType, PurchaseStatus
from authorizer.domain.outcomes import Reason, RefusalKind
from authorizer.domain.people import LOG_IN_ROLES
from authorizer.domain.tickets.service_levels import Priority
from authorizer.domain.tickets.state import AUTHORS, TicketStatus
from tools import catalogue


def values(kind: type[Enum]) -> set[Any]:
    return {member.value for member in kind}


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        (words.WHY, set(Reason)),
        (words.REFUSALS, set(RefusalKind)),
        (words.ROLES, set(LOG_IN_ROLES)),
        (words.MOTIVES, set(BLOCK_REASONS)),
        (words.CARD_STATUS, values(CardStatus)),
        (words.TICKET_STATUS, values(TicketStatus)),
        (words.PRIORITIES, values(Priority)),
        (words.PURCHASE_STATUS, values(PurchaseStatus)),
        (words.AUTHORS, set(AUTHORS)),
    ],
)
def test_every_word_has_one_for_people(known: dict[Any, str], wanted: set[Any]) -> None:
    assert set(known) == wanted


def test_lists_that_hold_more_hold_all() -> None:
    assert values(OperationType) <= set(words.LINES)
    assert values(OperationKind) <= set(words.CONTACTS)
    passkeys = {AccessKind.PASSKEY_LOG_IN, AccessKind.PASSKEY_ADDED, AccessKind.PASSKEY_REMOVED}
    shown = {AccessKind.LOG_IN, AccessKind.LOG_IN_REFUSED, AccessKind.LOG_OUT}
    hidden = {kind.value for kind in (*shown, *passkeys, AccessKind.PASSWORD_CHANGED)}
    assert set(words.ACCESSES) == values(AccessKind) - hidden, "those of visits are of no customer"


@pytest.mark.parametrize(
    ("reason", "decided_by", "sentence"),
    [
        ("insufficient_funds", None, "O saldo disponível não cobria o valor da compra."),
        (
            "amount_limit",
            {"rule": "limit", "name": "noite", "level": "global"},
            "A compra passaria do limite de valor «noite».",
        ),
        ("amount_limit", None, "A compra passaria de um limite de valor."),
        (
            "card_control",
            {"rule": "controls", "name": "valor_maximo", "level": None},
            "O valor passa do máximo que o titular permite por compra neste cartão.",
        ),
    ],
)
def test_a_decline_is_told_in_a_sentence(
    reason: str, decided_by: dict[str, Any] | None, sentence: str
) -> None:
    assert words.why(reason, decided_by, lambda text: text) == sentence


def test_every_text_has_a_translation_with_the_same_names_in_it() -> None:
    """Where this fails: make catalogue."""
    found = catalogue.up_to_date()
    assert catalogue.untranslated(found) == []
    assert (catalogue.FOLDER / "console.po").read_bytes() == catalogue.as_po(found)
    assert (catalogue.FOLDER / "console.mo").read_bytes() == catalogue.as_mo(found)
    for message in found:
        if message.id:
            assert names_in(str(message.id)) == names_in(str(message.string)), message.id


def names_in(text: str) -> set[str]:
    return {part.split(")s")[0] for part in text.split("%(")[1:]}


def test_values_are_written_as_the_language_has_them() -> None:
    zone = ZoneInfo("America/Sao_Paulo")
    portuguese, english = Formats(PORTUGUESE, zone), Formats(ENGLISH, zone)
    assert portuguese.money(123_456_789) == "R$ 1.234.567,89"
    assert english.money(123_456_789) == "R$ 1,234,567.89"
    assert portuguese.money(-5) == "\N{MINUS SIGN}R$ 0,05"
    assert portuguese.moment(0) == "31/12/1969 21:00"
    assert english.moment(0) == "1969-12-31 21:00"
    assert portuguese.iso(0) == "1969-12-31T21:00:00-03:00"
    assert portuguese.percent(0.8254) == "82,5%"
    assert english.percent(None) == "\N{EN DASH}"
    spans = {59: "0 min", 60: "1 min", 7_500: "2 h 5 min", 100_000: "1 d 3 h"}
    assert {s: portuguese.span(s * 1_000_000) for s in spans} == spans
