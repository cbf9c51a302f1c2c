"""A customer: the document comes in again and again, and only what is new in it is recorded."""

from __future__ import annotations

from typing import Any

import pytest

from authorizer.domain.accounts.cards import Operation
from authorizer.domain.customers import rules as customers
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.customers.commands import ErasePersonalData, RegisterCustomer
from authorizer.domain.customers.events import (
    CustomerRegistered,
    OperationsImported,
    PersonalDataErased,
    PersonalDataRecorded,
)
from authorizer.domain.customers.rules import new_operations, register_customer
from authorizer.domain.customers.state import Customer, customer_view
from authorizer.domain.messages import Event
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import Decision, Done, Refusal, RefusalKind
from authorizer.domain.sealing import Sealed, unsealed
from tests.support.builders import BY, NOW_US, ToySealer, context, deep, words

BLOCK = Operation("bloqueio", "k1", WrittenTime(5_000_000, "t5"), "App", block_reason="roubo")
QUERY = Operation("consulta_limite", "k1", WrittenTime(6_000_000, "t6"), "App", available_cents=5)
DOCUMENT = RegisterCustomer(
    "cust", "acc", True, "Maria", "12345678900", "+55", "m@example.com", ("k1", "k2"), (BLOCK,), BY
)


def text_of(document: RegisterCustomer) -> str:
    """The text of the person that is sealed."""
    return repr((document.name, document.cpf, document.phone, document.email))


def sealed(**fields: Any) -> Sealed:
    """The person of the document, sealed."""
    return ToySealer().seal("cust", text_of(DOCUMENT._replace(**fields)))


def registering(customer: Customer, **fields: Any) -> Decision:
    """The decision on a document, checked to have changed nothing."""
    before = deep(customer)
    document = DOCUMENT._replace(**fields)
    decision = register_customer(customer, document, context(), NOW_US)
    assert deep(customer) == before
    return decision


def apply(customer: Customer, decision: Decision) -> Customer:
    """The same customer, after what was decided."""
    for event in decision.events:
        CUSTOMERS.evolve(customer, event, customer.position + 1)
    return customer


@pytest.fixture
def known() -> Customer:
    customer = Customer("cust")
    return apply(customer, registering(customer))


def test_a_new_customer_is_registered_and_the_person_is_an_event_apart() -> None:
    customer = Customer("cust")
    assert not customer.exists
    decision = registering(customer)
    assert decision.outcome == Done(created=True)
    expected: list[Event] = [
        CustomerRegistered(NOW_US, BY, "cust", "acc", True, ("k1", "k2")),
        PersonalDataRecorded(NOW_US, BY, "cust", sealed()),
        OperationsImported(NOW_US, BY, "cust", (BLOCK,)),
    ]
    assert decision.events == expected
    apply(customer, decision)
    assert customer.exists
    assert customer.position == 3
    assert customer_view(customer) == (
        "cust", "acc", True, sealed(), ("k1", "k2"), (BLOCK,), False, 3,
    )  # fmt: skip


def test_only_one_event_holds_who_the_person_is() -> None:
    decision = registering(Customer("cust"))
    personal = ("Maria", "12345678900", "+55", "m@example.com")
    holders = [
        event for event in decision.events if any(datum in repr(event) for datum in personal)
    ]
    assert words(holders) == ["PersonalDataRecorded"]


def test_the_same_document_again_changes_nothing(known: Customer) -> None:
    assert registering(known) == Decision(Done(created=False), [])


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Maria Silva"},
        {"cpf": "00000000000"},
        {"phone": None},
        {"email": "other@example.com"},
        {"email": None},
    ],
)
def test_the_persons_data_is_replaced(known: Customer, other: dict[str, Any]) -> None:
    decision = registering(known, **other)
    assert decision.outcome == Done(created=False)
    assert words(decision.events) == ["PersonalDataRecorded"]
    view = customer_view(apply(known, decision))
    expected = customer_view(known)._replace(personal=sealed(**other))
    assert view == expected
    assert view.card_ids == ("k1", "k2")
    assert view.imported_operations == (BLOCK,)


def test_cards_are_added_and_never_taken_away(known: Customer) -> None:
    decision = registering(known, card_ids=("k3", "k1"))
    assert words(decision.events) == ["CustomerRegistered"]
    assert apply(known, decision).card_ids == ("k1", "k2", "k3")
    assert registering(known, card_ids=()) == Decision(Done(), [])


def test_a_document_may_name_the_account_later_or_no_more(known: Customer) -> None:
    decision = registering(known, names_account=False)
    assert words(decision.events) == ["CustomerRegistered"]
    assert not apply(known, decision).names_account


def test_a_customer_keeps_the_account(known: Customer) -> None:
    decision = registering(known, account_id="other")
    assert isinstance(decision.outcome, Refusal)
    assert decision.outcome.kind is RefusalKind.CONFLICT
    assert not decision.events


def test_operations_that_are_known_are_not_imported_again(known: Customer) -> None:
    decision = registering(known, operations=(QUERY, BLOCK))
    assert decision.events == [OperationsImported(NOW_US, BY, "cust", (QUERY,))]
    assert apply(known, decision).imported_operations == (BLOCK, QUERY)
    assert registering(known, operations=(QUERY, BLOCK)) == Decision(Done(), [])
    assert registering(known, operations=()) == Decision(Done(), [])


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "desbloqueio"},
        {"card_id": "k2"},
        {"at": WrittenTime(5_001_000)},
        {"channel": None},
        {"block_reason": "furto"},
        {"justification": "x"},
        {"available_cents": 0},
    ],
)
def test_an_operation_that_differs_in_anything_is_another_one(other: dict[str, Any]) -> None:
    changed = BLOCK._replace(**other)
    assert new_operations([BLOCK], [changed]) == (changed,)


@pytest.mark.parametrize("at", [WrittenTime(5_000_000), WrittenTime(5_000_999, "other spelling")])
def test_an_operation_is_the_same_to_the_millisecond_however_its_time_is_written(
    at: WrittenTime,
) -> None:
    assert new_operations([BLOCK], [BLOCK._replace(at=at)]) == ()


def test_new_operations_keep_their_order() -> None:
    assert new_operations([], [QUERY, BLOCK]) == (QUERY, BLOCK)


def test_imported_operations_are_bounded(monkeypatch: pytest.MonkeyPatch, known: Customer) -> None:
    monkeypatch.setattr(customers, "MAX_IMPORTED_OPERATIONS", 2)
    third = QUERY._replace(card_id="k2")
    decision = registering(known, operations=(BLOCK, QUERY, third), name="Other")
    assert isinstance(decision.outcome, Refusal)
    assert decision.outcome.kind is RefusalKind.INVALID
    assert decision.outcome.field == "historico_operacoes"
    assert not decision.events
    assert isinstance(registering(known, operations=(BLOCK, QUERY)).outcome, Done)


def test_a_view_stays_as_it_is_when_the_customer_changes(known: Customer) -> None:
    view = customer_view(known)
    apply(known, registering(known, name="Other", card_ids=("k9",), operations=(QUERY,)))
    assert (view.personal, view.card_ids) == (sealed(), ("k1", "k2"))
    assert view.imported_operations == (BLOCK,)


# --- personal data -------------------------------------------------------------------------------

UNBLOCK = Operation("desbloqueio", "k1", WrittenTime(7_000_000), "Chat", justification="it is me")


def erasing(customer: Customer) -> Decision:
    """The decision on an erasure, checked to have changed nothing."""
    before = deep(customer)
    decision = CUSTOMERS.decide(customer, ErasePersonalData("cust", BY), context(), NOW_US + 1)
    assert deep(customer) == before
    return decision


def test_free_text_of_operations_is_sealed_and_known_again(known: Customer) -> None:
    decision = registering(known, operations=(UNBLOCK,))
    text = ToySealer().seal("cust", "it is me")
    assert list(decision.events) == [
        OperationsImported(NOW_US, BY, "cust", (UNBLOCK._replace(justification=text),))
    ]
    apply(known, decision)
    assert registering(known, operations=(UNBLOCK, BLOCK)) == Decision(Done(), [])
    assert customers.opened(known.imported_operations, "cust", ToySealer()) == (BLOCK, UNBLOCK)


def test_free_text_without_its_key_is_none(known: Customer) -> None:
    apply(known, registering(known, operations=(UNBLOCK,)))
    opened = customers.opened(known.imported_operations, "cust", ToySealer(set()))
    assert opened == (BLOCK, UNBLOCK._replace(justification=None))


def test_an_erasure_is_an_event_and_leaves_nothing_of_the_person(known: Customer) -> None:
    decision = erasing(known)
    assert decision.outcome == Done(created=True)
    assert list(decision.events) == [PersonalDataErased(NOW_US + 1, BY, "cust")]
    apply(known, decision)
    assert customer_view(known) == (
        "cust", "acc", True, "", ("k1", "k2"), (BLOCK,), True, 4,
    )  # fmt: skip


def test_an_erasure_is_done_once(known: Customer) -> None:
    apply(known, erasing(known))
    assert erasing(known) == Decision(Done())


def test_who_was_erased_never_comes_back(known: Customer) -> None:
    apply(known, erasing(known))
    for fields in ({}, {"name": "Other"}, {"account_id": "other"}):
        decision = registering(known, **fields)
        assert isinstance(decision.outcome, Refusal)
        assert decision.outcome.kind is RefusalKind.GONE
        assert not decision.events


def test_nobody_cannot_be_erased() -> None:
    decision = erasing(Customer("cust"))
    assert isinstance(decision.outcome, Refusal)
    assert decision.outcome.kind is RefusalKind.NOT_FOUND


def plain(customer: Customer) -> None:
    """What an older version journaled of the person."""
    text = unsealed(text_of(DOCUMENT))
    CUSTOMERS.evolve(customer, PersonalDataRecorded(1, BY, "cust", text), customer.position + 1)


def test_who_was_journaled_unsealed_cannot_be_erased() -> None:
    """Not even once their data is sealed: the journal still has it."""
    customer = Customer("cust")
    plain(customer)
    CUSTOMERS.evolve(customer, PersonalDataRecorded(2, BY, "cust", sealed()), 2)
    decision = erasing(customer)
    assert isinstance(decision.outcome, Refusal)
    assert decision.outcome.kind is RefusalKind.CONFLICT
    assert not decision.events


def test_what_is_known_unsealed_is_compared_like_anything_else(known: Customer) -> None:
    plain(known)
    assert registering(known) == Decision(Done(), [])
    assert words(registering(known, name="Other").events) == ["PersonalDataRecorded"]
