"""Replacing a card, and changing its limit: what moves, what stays, what is refused."""

from __future__ import annotations

from itertools import product

import pytest

from authorizer.domain.accounts.card_changes import change_limit, replace_card
from authorizer.domain.accounts.card_rules import (
    MAX_CARDS,
    block_card,
    open_cards,
    query_limit,
    unblock_card,
)
from authorizer.domain.accounts.cards import (
    BLOCK_REASONS,
    MAX_CARD_ID_LENGTH,
    BlockReason,
    CardStatus,
    CardTerms,
    Operation,
    new_card_id,
)
from authorizer.domain.accounts.commands import (
    BlockCard,
    ChangeLimit,
    OpenCards,
    QueryLimit,
    ReplaceCard,
    UnblockCard,
)
from authorizer.domain.accounts.events import CardReplaced, LimitChanged
from authorizer.domain.accounts.state import Account, account_view
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import Decision, Done, Reason, Refusal, RefusalKind
from tests.support.builders import (
    ACCOUNT,
    BY,
    CARD,
    CUSTOMER,
    NOW_US,
    apply,
    context,
    deep,
    opened,
    settled,
    terms,
    with_card,
)
from tests.support.commands import purchase

NEW = "card-2"
MOTIVES = (None, *sorted(BLOCK_REASONS))
LATER_US = NOW_US + 7


def replacing(
    account: Account,
    new_card_id: str = NEW,
    motive: str | None = None,
    card_id: str = CARD,
    masked_number: str | None = None,
    brand: str | None = None,
) -> Decision:
    """The decision on a replacement, checked to have changed nothing."""
    before = deep(account)
    reason = BlockReason.of(motive) if motive else None
    command = ReplaceCard(ACCOUNT, card_id, new_card_id, reason, "App", masked_number, brand, BY)
    decision = replace_card(account, command, context(), LATER_US)
    assert deep(account) == before
    return decision


def changing(
    account: Account, cents: int, may_be_below_used: bool = False, card_id: str = CARD
) -> Decision:
    """The decision on a new limit, checked to have changed nothing."""
    before = deep(account)
    command = ChangeLimit(ACCOUNT, card_id, cents, may_be_below_used, "App", BY)
    decision = change_limit(account, command, context(), LATER_US)
    assert deep(account) == before
    return decision


def refusal(decision: Decision) -> RefusalKind:
    assert isinstance(decision.outcome, Refusal)
    assert not decision.events
    return decision.outcome.kind


def block(account: Account, motive: str, card_id: str = CARD) -> Decision:
    command = BlockCard(ACCOUNT, card_id, BlockReason.of(motive), "App", BY)
    return block_card(account, command, context(), NOW_US + 1)


def used(limit_cents: int | None = 1000_00, used_cents: int = 300_00) -> Account:
    """An account without money whose card has used some of its limit."""
    return with_card(
        opened(CUSTOMER, CASH=0), terms(limit_cents=limit_cents, used_cents=used_cents)
    )


# --- replacement ---------------------------------------------------------------------------------


def test_the_new_card_has_the_limit_and_what_is_used_of_it_and_the_old_one_nothing() -> None:
    account = used()
    decision = replacing(account, motive="danificado")
    new = CardTerms(NEW, "**** 1234", "Visa", "ativo", None, None, 1000_00, 300_00, replaces=CARD)
    assert decision.events == (
        CardReplaced(LATER_US, BY, ACCOUNT, CUSTOMER, CARD, "danificado", "App", new),
    )
    assert apply(account, decision) == Done(created=True)
    assert account.cards[NEW].terms() == new
    assert account.cards[NEW].customer_id == CUSTOMER
    assert account.cards[CARD].terms() == CardTerms(
        CARD,
        "**** 1234",
        "Visa",
        "cancelado",
        "danificado",
        WrittenTime(LATER_US),
        0,
        0,
        replaced_by=NEW,
    )
    assert account.operations == [
        Operation(
            "substituicao",
            CARD,
            WrittenTime(LATER_US),
            "App",
            block_reason="danificado",
            replaced_by=NEW,
        )
    ]


@pytest.mark.parametrize("limit_cents", [None, 0, 1000_00])
def test_sums_over_the_cards_of_an_account_stay_what_they_were(limit_cents: int | None) -> None:
    account = used(limit_cents, 0 if limit_cents is None else 300_00)

    def sums() -> tuple[int, int]:
        cards = account_view(account).cards
        return (
            sum(card.limit_total_cents or 0 for card in cards),
            sum(card.limit_used_cents for card in cards),
        )

    before = sums()
    apply(account, replacing(account))
    assert sums() == before
    assert account.cards[NEW].limit_total_cents == limit_cents
    assert (account.cards[CARD].limit_total_cents is None) == (limit_cents is None)


def test_the_new_card_shows_its_own_number_and_brand_where_they_are_given() -> None:
    account = used()
    apply(account, replacing(account, masked_number="**** 9999", brand="Elo"))
    new = account.cards[NEW]
    assert (new.masked_number, new.brand) == ("**** 9999", "Elo")


@pytest.mark.parametrize(("known", "given"), list(product(MOTIVES, MOTIVES)))
def test_a_replacement_never_weakens_the_motive_of_a_block(
    known: str | None, given: str | None
) -> None:
    account = used()
    if known:
        apply(account, block(account, known))
    apply(account, replacing(account, motive=given))
    old = account.cards[CARD]
    final = known is not None and BLOCK_REASONS[known].final
    weaker = given is None or (final and not BLOCK_REASONS[given].final)
    expected = known if weaker else given
    assert (old.block_reason and old.block_reason.motivo) == expected
    assert account.operations[-1].block_reason == expected
    if expected is None:
        assert old.blocked_at is None
    else:
        assert old.blocked_at == WrittenTime(NOW_US + 1 if expected == known else LATER_US)
    assert account.cards[NEW].terms()[3:6] == ("ativo", None, None)


def test_a_cancelled_card_stays_cancelled_whatever_is_asked_of_it() -> None:
    account = used()
    apply(account, replacing(account))
    after = deep(account)
    for motive in BLOCK_REASONS:
        assert refusal(block(account, motive)) is RefusalKind.CONFLICT
    unblock = UnblockCard(ACCOUNT, CARD, "App", "please", BY)
    assert refusal(unblock_card(account, unblock, context(), LATER_US)) is RefusalKind.CONFLICT
    assert refusal(changing(account, 5_00)) is RefusalKind.CONFLICT
    assert refusal(replacing(account, "card-3")) is RefusalKind.CONFLICT
    assert deep(account) == after


def test_a_purchase_is_made_with_the_new_card_and_not_with_the_old_one() -> None:
    account = used()
    apply(account, replacing(account))
    assert settled(account, purchase(700_00, card_id=CARD)).reason is Reason.CARD_BLOCKED
    assert settled(account, purchase(700_01, card_id=NEW)).reason is Reason.INSUFFICIENT_FUNDS
    assert settled(account, purchase(700_00, card_id=NEW)).reason is Reason.APPROVED
    assert account.cards[NEW].available_cents == 0


def test_a_wallet_does_not_pay_for_a_cancelled_card() -> None:
    account = with_card(opened(CASH=100_00))
    apply(account, replacing(account))
    assert settled(account, purchase(1, card_id=CARD)).reason is Reason.CARD_BLOCKED
    assert settled(account, purchase(1, card_id=NEW)).reason is Reason.APPROVED


def test_the_same_replacement_again_changes_nothing() -> None:
    account = used()
    apply(account, replacing(account, motive="roubo"))
    assert replacing(account, motive="outro") == Decision(Done(created=False))
    apply(account, replacing(account, "card-3", card_id=NEW))
    assert replacing(account) == Decision(Done(created=False))


def test_a_replacement_can_be_replaced() -> None:
    account = used()
    apply(account, replacing(account))
    apply(account, replacing(account, "card-3", card_id=NEW))
    middle = account.cards[NEW]
    assert (middle.replaces, middle.replaced_by) == (CARD, "card-3")
    assert middle.status is CardStatus.CANCELLED
    assert account.cards["card-3"].limit_used_cents == 300_00


@pytest.mark.parametrize("taken", [CARD, "other"])
def test_the_id_of_a_card_that_is_there_is_not_given_to_a_new_one(taken: str) -> None:
    account = with_card(used(), terms("other"))
    assert refusal(replacing(account, taken)) is RefusalKind.CONFLICT


def test_a_card_that_is_not_there_is_neither_replaced_nor_given_a_limit() -> None:
    account = used()
    assert refusal(replacing(account, card_id="none")) is RefusalKind.NOT_FOUND
    assert refusal(changing(account, 1, card_id="none")) is RefusalKind.NOT_FOUND


def test_a_card_that_a_document_brought_as_cancelled_is_not_replaced() -> None:
    account = with_card(opened(), terms(status=CardStatus.CANCELLED))
    assert refusal(replacing(account)) is RefusalKind.CONFLICT


@pytest.mark.parametrize("owner", [None, "somebody-else"])
def test_a_link_to_a_card_that_is_not_the_customers_is_no_replacement(owner: str | None) -> None:
    """A document may bring a cancelled card with a `substituido_por` that names any card."""
    linked = terms(status=CardStatus.CANCELLED)._replace(replaced_by=NEW)
    account = with_card(opened(CUSTOMER), linked)
    if owner is not None:
        account = with_card(account, terms(NEW), owner)
    assert refusal(replacing(account)) is RefusalKind.CONFLICT


def test_an_account_that_is_full_of_cards_replaces_none() -> None:
    account = opened(customer_id=CUSTOMER)
    cards = tuple(terms(f"k{number}") for number in range(MAX_CARDS))
    apply(
        account,
        open_cards(account, OpenCards(ACCOUNT, CUSTOMER, cards, BY), context(), NOW_US),
    )
    assert refusal(replacing(account, card_id="k0")) is RefusalKind.CONFLICT


def test_documents_from_before_and_after_a_replacement_change_nothing() -> None:
    account = used()
    settled(account, purchase(1_00, card_id=CARD))
    before = account.cards[CARD].opening
    apply(account, replacing(account, motive="roubo"))
    at_first = account.cards[NEW].terms()
    settled(account, purchase(1_00, card_id=NEW))
    now = [card.terms() for card in account.cards.values()]
    for cards in ([before], [before, at_first], now):
        command = OpenCards(ACCOUNT, CUSTOMER, tuple(cards), BY)
        decision = open_cards(account, command, context(), LATER_US)
        assert decision == Decision(Done(created=False), [])


@pytest.mark.parametrize("other", [{"replaces": "x"}, {"replaced_by": "x"}, {"status": "ativo"}])
def test_a_document_that_links_a_card_otherwise_is_refused(other: dict[str, str]) -> None:
    account = used()
    apply(account, replacing(account))
    shown = account.cards[CARD].terms()._replace(**other)  # type: ignore[arg-type]
    command = OpenCards(ACCOUNT, CUSTOMER, (shown,), BY)
    assert refusal(open_cards(account, command, context(), LATER_US)) is RefusalKind.CONFLICT


# --- an id for the new card ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("taken", "expected"),
    [((), "9-2"), (("9",), "9-2"), (("9-2",), "9-3"), (("9-2", "9-3"), "9-4"), (("9-3",), "9-2")],
)
def test_an_id_is_made_of_the_old_one_and_is_free(taken: tuple[str, ...], expected: str) -> None:
    assert new_card_id("9", lambda found: found in taken) == expected


def test_no_id_is_made_that_is_too_long_or_taken() -> None:
    assert new_card_id("x" * (MAX_CARD_ID_LENGTH - 2), lambda _: False) is not None
    assert new_card_id("x" * (MAX_CARD_ID_LENGTH - 1), lambda _: False) is None
    assert new_card_id("9", lambda _: True) is None


# --- the limit -----------------------------------------------------------------------------------


@pytest.mark.parametrize("cents", [300_00, 999_99, 1000_01, 10**17])
def test_a_limit_is_set_and_what_it_was_is_recorded(cents: int) -> None:
    account = used()
    decision = changing(account, cents)
    assert decision.events == (LimitChanged(LATER_US, BY, ACCOUNT, CARD, "App", cents, 1000_00),)
    assert apply(account, decision) == Done(created=True)
    assert account.cards[CARD].available_cents == cents - 300_00
    assert account.operations == [
        Operation(
            "alteracao_limite",
            CARD,
            WrittenTime(LATER_US),
            "App",
            limit_total_cents=cents,
            previous_limit_cents=1000_00,
        )
    ]


@pytest.mark.parametrize("cents", [0, 299_99])
def test_a_limit_below_what_is_used_must_be_meant(cents: int) -> None:
    account = used()
    assert refusal(changing(account, cents)) is RefusalKind.CONFLICT
    apply(account, changing(account, cents, may_be_below_used=True))
    assert account.cards[CARD].available_cents == cents - 300_00
    assert settled(account, purchase(1, card_id=CARD)).reason is Reason.INSUFFICIENT_FUNDS
    told = query_limit(account, QueryLimit(ACCOUNT, CARD, "App", BY), context(), LATER_US)
    apply(account, told)
    assert account.operations[-1].available_cents == cents - 300_00


def test_the_same_limit_again_changes_nothing_even_below_what_is_used() -> None:
    account = used()
    assert changing(account, 1000_00) == Decision(Done(created=False))
    apply(account, changing(account, 1_00, may_be_below_used=True))
    assert changing(account, 1_00) == Decision(Done(created=False))


def test_a_limit_that_is_below_what_is_used_can_grow_only_to_what_is_used_without_a_word() -> None:
    account = used()
    apply(account, changing(account, 1_00, may_be_below_used=True))
    assert refusal(changing(account, 299_99)) is RefusalKind.CONFLICT
    assert apply(account, changing(account, 300_00)) == Done(created=True)


def test_a_card_without_a_limit_gets_one() -> None:
    account = used(None, 0)
    decision = changing(account, 50_00)
    assert decision.events == (LimitChanged(LATER_US, BY, ACCOUNT, CARD, "App", 50_00, None),)
    apply(account, decision)
    assert settled(account, purchase(50_00, card_id=CARD)).reason is Reason.APPROVED


def test_the_limit_of_a_blocked_card_can_be_changed() -> None:
    account = used()
    apply(account, block(account, "roubo"))
    assert apply(account, changing(account, 400_00)) == Done(created=True)
    assert account.cards[CARD].status is CardStatus.BLOCKED


def test_a_replacement_carries_a_limit_below_what_is_used() -> None:
    account = used()
    apply(account, changing(account, 1_00, may_be_below_used=True))
    apply(account, replacing(account))
    new = account.cards[NEW]
    assert (new.limit_total_cents, new.limit_used_cents) == (1_00, 300_00)
    assert account.cards[CARD].available_cents == 0
