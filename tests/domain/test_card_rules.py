"""Opening, blocking and unblocking cards; the whole table of motives; the limit."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from authorizer.domain.accounts.card_rules import (
    MAX_CARDS,
    block_card,
    open_cards,
    query_limit,
    unblock_card,
)
from authorizer.domain.accounts.cards import (
    BLOCK_REASONS,
    BlockReason,
    CardStatus,
    CardTerms,
    Operation,
)
from authorizer.domain.accounts.commands import BlockCard, OpenCards, QueryLimit, UnblockCard
from authorizer.domain.accounts.events import (
    AccountLinked,
    AccountOpened,
    CardBlocked,
    CardOpened,
    CardUnblocked,
    LimitQueried,
)
from authorizer.domain.accounts.state import MAX_OPERATIONS, Account
from authorizer.domain.messages import Event
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import Decision, Done, RefusalKind
from tests.support.builders import (
    ACCOUNT,
    BY,
    CARD,
    CUSTOMER,
    NOW_US,
    ToySealer,
    apply,
    context,
    deep,
    opened,
    refusal_kind,
    settled,
    terms,
    with_card,
)
from tests.support.commands import purchase

FINAL = {
    "perda",
    "extravio",
    "roubo",
    "furto",
    "clonagem",
    "fraude_confirmada",
    "dados_comprometidos",
}
NOT_FINAL = {
    "suspeita_fraude",
    "pedido_cliente",
    "em_analise",
    "inatividade",
    "senha_bloqueada",
    "danificado",
    "outro",
}
SEALED = ToySealer().seal(CUSTOMER, "identified")
MOTIVES = sorted(FINAL | NOT_FINAL)


def blocking(account: Account, motive: str, card_id: str = CARD, channel: str = "App") -> Decision:
    """The decision on a block, checked to have changed nothing."""
    before = deep(account)
    command = BlockCard(ACCOUNT, card_id, BlockReason.of(motive), channel, BY)
    decision = block_card(account, command, context(), NOW_US)
    assert deep(account) == before
    return decision


def unblocking(account: Account, card_id: str = CARD) -> Decision:
    """The decision on an unblock, checked to have changed nothing."""
    before = deep(account)
    command = UnblockCard(ACCOUNT, card_id, "Central", "identified", BY)
    decision = unblock_card(account, command, context(), NOW_US + 1)
    assert deep(account) == before
    return decision


def opening(
    account: Account, *cards: CardTerms, customer_id: str = CUSTOMER, now_us: int = NOW_US
) -> Decision:
    """The decision on a document's cards, checked to have changed nothing."""
    before = deep(account)
    command = OpenCards(account.account_id, customer_id, cards, BY)
    decision = open_cards(account, command, context(), now_us)
    assert deep(account) == before
    return decision


def blocked(motive: str) -> Account:
    """An account with a card that is blocked."""
    account = with_card(opened())
    apply(account, blocking(account, motive))
    return account


# --- motives -------------------------------------------------------------------------------------


def test_the_motives_are_those_of_the_contract_seven_of_them_final() -> None:
    assert {motive for motive, reason in BLOCK_REASONS.items() if reason.final} == FINAL
    assert {motive for motive, reason in BLOCK_REASONS.items() if not reason.final} == NOT_FINAL


def test_a_word_that_is_no_motive_is_an_error() -> None:
    with pytest.raises(KeyError):
        BlockReason.of("azar")


# --- blocking ------------------------------------------------------------------------------------


@pytest.mark.parametrize("motive", MOTIVES)
def test_an_active_card_is_blocked_for_any_motive(motive: str) -> None:
    account = with_card(opened())
    decision = blocking(account, motive)
    assert decision.outcome == Done(created=True)
    assert decision.events == (CardBlocked(NOW_US, BY, ACCOUNT, CARD, motive, "App"),)
    apply(account, decision)
    card = account.cards[CARD]
    assert card.status is CardStatus.BLOCKED
    assert card.block_reason is BlockReason.of(motive)
    assert card.blocked_at == WrittenTime(NOW_US)
    assert account.operations == [
        Operation("bloqueio", CARD, WrittenTime(NOW_US), "App", block_reason=motive)
    ]


@pytest.mark.parametrize(
    ("first", "second"), [pair for pair in product(MOTIVES, MOTIVES) if pair[0] != pair[1]]
)
def test_another_motive_replaces_a_block_unless_that_would_weaken_it(
    first: str, second: str
) -> None:
    account = blocked(first)
    decision = blocking(account, second)
    assert isinstance(decision.outcome, Done)
    apply(account, decision)
    card = account.cards[CARD]
    weaker = first in FINAL and second in NOT_FINAL
    assert card.status is CardStatus.BLOCKED
    assert card.block_reason is BlockReason.of(first if weaker else second)
    assert bool(decision.events) != weaker


@pytest.mark.parametrize("motive", MOTIVES)
def test_the_same_motive_again_changes_nothing(motive: str) -> None:
    account = blocked(motive)
    assert blocking(account, motive, channel="Central") == Decision(Done(created=False))


def test_a_card_that_is_not_there_cannot_be_blocked_unblocked_or_asked_for_its_limit() -> None:
    account = with_card(opened())
    assert refusal_kind(blocking(account, "roubo", "other")) is RefusalKind.NOT_FOUND
    assert refusal_kind(unblocking(account, "other")) is RefusalKind.NOT_FOUND
    query = QueryLimit(ACCOUNT, "other", "App", BY)
    assert refusal_kind(query_limit(account, query, context(), NOW_US)) is RefusalKind.NOT_FOUND


def test_a_cancelled_card_is_neither_blocked_nor_unblocked() -> None:
    account = with_card(opened(), terms(status=CardStatus.CANCELLED))
    assert refusal_kind(blocking(account, "roubo")) is RefusalKind.CONFLICT
    assert refusal_kind(unblocking(account)) is RefusalKind.CONFLICT


def test_a_block_that_a_document_brought_is_a_block_like_any_other() -> None:
    terms_of_old = terms(status=CardStatus.BLOCKED, motive="roubo", blocked_at=WrittenTime(5, "x"))
    account = with_card(opened(), terms_of_old)
    assert blocking(account, "roubo") == Decision(Done())
    assert blocking(account, "outro") == Decision(Done())
    assert refusal_kind(unblocking(account)) is RefusalKind.CONFLICT


# --- unblocking ----------------------------------------------------------------------------------


@pytest.mark.parametrize("motive", sorted(NOT_FINAL))
def test_a_block_whose_motive_is_not_final_can_be_lifted(motive: str) -> None:
    account = blocked(motive)
    decision = unblocking(account)
    assert decision.outcome == Done(created=True)
    assert decision.events == (CardUnblocked(NOW_US + 1, BY, ACCOUNT, CARD, "Central", SEALED),)
    apply(account, decision)
    assert account.cards[CARD].terms() == terms()
    assert account.operations[-1] == Operation(
        "desbloqueio", CARD, WrittenTime(NOW_US + 1), "Central", justification=SEALED
    )


@pytest.mark.parametrize("motive", sorted(FINAL))
def test_a_block_whose_motive_is_final_is_never_lifted(motive: str) -> None:
    account = blocked(motive)
    assert refusal_kind(unblocking(account)) is RefusalKind.CONFLICT
    apply(account, blocking(account, "outro"))
    assert refusal_kind(unblocking(account)) is RefusalKind.CONFLICT


def test_unblocking_an_active_card_changes_nothing() -> None:
    assert unblocking(with_card(opened())) == Decision(Done(created=False))


def test_a_card_that_was_unblocked_can_be_blocked_again() -> None:
    account = blocked("outro")
    apply(account, unblocking(account))
    assert apply(account, blocking(account, "outro")) == Done(created=True)
    assert [operation.kind for operation in account.operations] == [
        "bloqueio",
        "desbloqueio",
        "bloqueio",
    ]


# --- the limit -----------------------------------------------------------------------------------


def test_the_limit_is_told_in_real_time_and_that_it_was_told_is_recorded() -> None:
    account = with_card(opened(CASH=0), terms(limit_cents=1000_00, used_cents=200_00))
    settled(account, purchase(1, card_id=CARD))
    query = QueryLimit(ACCOUNT, CARD, "WhatsApp", BY)
    before = deep(account)
    decision = query_limit(account, query, context(), NOW_US)
    assert deep(account) == before
    assert decision.events == (LimitQueried(NOW_US, BY, ACCOUNT, CARD, "WhatsApp", 799_99),)
    assert apply(account, decision) == Done(created=True)
    assert account.operations == [
        Operation("consulta_limite", CARD, WrittenTime(NOW_US), "WhatsApp", available_cents=799_99)
    ]


def test_a_card_without_a_limit_has_none_to_tell() -> None:
    account = with_card(opened(), terms(limit_cents=None))
    query = QueryLimit(ACCOUNT, CARD, "App", BY)
    assert refusal_kind(query_limit(account, query, context(), NOW_US)) is RefusalKind.CONFLICT
    assert account.cards[CARD].available_cents == 0


def test_the_newest_thousand_operations_are_kept_in_memory() -> None:
    account = with_card(opened())
    query = QueryLimit(ACCOUNT, CARD, "App", BY)
    for at_us in range(MAX_OPERATIONS + 2):
        apply(account, query_limit(account, query, context(), at_us))
    assert [operation.at.at_us for operation in account.operations] == list(
        range(2, MAX_OPERATIONS + 2)
    )


def test_limit_queries_make_room_before_blocks_do() -> None:
    account = with_card(opened())
    apply(account, blocking(account, "outro"))
    query = QueryLimit(ACCOUNT, CARD, "App", BY)
    for at_us in range(MAX_OPERATIONS):
        apply(account, query_limit(account, query, context(), at_us))
    assert len(account.operations) == MAX_OPERATIONS
    assert account.operations[0].kind == "bloqueio"
    assert account.operations[1].at.at_us == 1


def test_where_nobody_asked_for_a_limit_the_oldest_operation_makes_room() -> None:
    account = with_card(opened())
    for _ in range(MAX_OPERATIONS // 2):
        apply(account, blocking(account, "outro"))
        apply(account, unblocking(account))
    apply(account, blocking(account, "outro"))
    assert len(account.operations) == MAX_OPERATIONS
    assert account.operations[0].kind == "desbloqueio"
    assert account.operations[-1].kind == "bloqueio"


# --- opening cards -------------------------------------------------------------------------------


def test_cards_open_on_an_account_that_is_opened_with_them_if_it_is_missing() -> None:
    account = Account(ACCOUNT)
    first, second = terms("k1"), terms("k2", None)
    decision = opening(account, first, second)
    assert decision.outcome == Done(created=True)
    expected: list[Event] = [
        AccountOpened(NOW_US, BY, ACCOUNT, {"FOOD": 0, "MEAL": 0, "CASH": 0}, CUSTOMER),
        CardOpened(NOW_US, BY, ACCOUNT, CUSTOMER, first),
        CardOpened(NOW_US, BY, ACCOUNT, CUSTOMER, second),
    ]
    assert decision.events == expected
    apply(account, decision)
    assert [card.terms() for card in account.cards.values()] == [first, second]
    assert account.customer_id == CUSTOMER


def test_an_account_without_a_customer_gets_the_one_whose_cards_are_opened() -> None:
    account = opened()
    decision = opening(account, terms())
    assert decision.events[0] == AccountLinked(NOW_US, BY, ACCOUNT, CUSTOMER)
    apply(account, decision)
    assert opening(account, terms()) == Decision(Done(created=False), [])


def test_only_cards_that_are_not_there_yet_are_opened() -> None:
    account = Account(ACCOUNT)
    apply(account, opening(account, terms("k1")))
    decision = opening(account, terms("k1"), terms("k2"))
    assert list(decision.events) == [CardOpened(NOW_US, BY, ACCOUNT, CUSTOMER, terms("k2"))]


def test_a_document_as_it_was_put_changes_nothing_whatever_happened_to_the_card_since() -> None:
    account = with_card(opened(customer_id=CUSTOMER, CASH=0))
    settled(account, purchase(1_00, card_id=CARD))
    apply(account, blocking(account, "roubo"))
    assert opening(account, terms()) == Decision(Done(created=False), [])
    assert account.cards[CARD].status is CardStatus.BLOCKED


def test_a_document_that_has_the_card_as_it_is_now_changes_nothing() -> None:
    account = with_card(opened(customer_id=CUSTOMER, CASH=0))
    settled(account, purchase(1_00, card_id=CARD))
    apply(account, blocking(account, "roubo"))
    assert opening(account, account.cards[CARD].terms()) == Decision(Done(created=False), [])


@pytest.mark.parametrize(
    "other",
    [
        {"limit_total_cents": 5000_00},
        {"limit_used_cents": 1},
        {"limit_total_cents": None},
        {"status": "bloqueado", "block_reason": "roubo"},
        {"status": "cancelado"},
        {"masked_number": "**** 9999"},
        {"brand": "Elo"},
    ],
)
def test_a_document_never_changes_a_card_that_is_there(other: dict[str, Any]) -> None:
    account = with_card(opened(customer_id=CUSTOMER))
    assert refusal_kind(opening(account, terms()._replace(**other))) is RefusalKind.CONFLICT


def test_a_document_with_one_card_that_conflicts_opens_none() -> None:
    account = with_card(opened(customer_id=CUSTOMER))
    assert (
        refusal_kind(opening(account, terms("new"), terms(limit_cents=1))) is RefusalKind.CONFLICT
    )


def test_an_account_holds_so_many_cards_and_no_more() -> None:
    account = opened(customer_id=CUSTOMER)
    cards = [terms(f"k{number}") for number in range(MAX_CARDS + 1)]
    assert refusal_kind(opening(account, *cards)) is RefusalKind.CONFLICT
    apply(account, opening(account, *cards[:2]))
    assert refusal_kind(opening(account, *cards[2:], terms("more"))) is RefusalKind.CONFLICT
    apply(account, opening(account, *cards[:-1]))
    assert len(account.cards) == MAX_CARDS
    assert opening(account, *cards[:-1]) == Decision(Done(), [])
    assert refusal_kind(opening(account, cards[-1])) is RefusalKind.CONFLICT


def test_a_card_belongs_to_one_customer() -> None:
    account = with_card(opened())
    assert refusal_kind(opening(account, terms(), customer_id="other")) is RefusalKind.CONFLICT
