"""The declarations: every command and every event is declared, once, and a wrong one is refused."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple, get_type_hints

import pytest

import authorizer.domain
from authorizer.domain import aggregates
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.commands import Authorize, ReadAccount
from authorizer.domain.accounts.events import PurchaseApproved, PurchaseDeclined
from authorizer.domain.accounts.state import ACCOUNT_OF_CARD, Account
from authorizer.domain.aggregate import Aggregate, Codec, EventKind, Handler, TableCodec, read
from authorizer.domain.aggregates import AGGREGATES, INDEXES
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.tickets.aggregate import TICKETS
from tests.support.builders import BY, NOW_US, context

each_aggregate = pytest.mark.parametrize("aggregate", AGGREGATES, ids=lambda each: each.name)


def named_tuples() -> Iterator[type[Any]]:
    """Every named tuple of the domain."""
    for found in pkgutil.walk_packages(authorizer.domain.__path__, "authorizer.domain."):
        module = importlib.import_module(found.name)
        for value in vars(module).values():
            is_own = getattr(value, "__module__", None) == found.name
            if isinstance(value, type) and is_own and hasattr(value, "_fields"):
                yield value


# --- nothing is forgotten ------------------------------------------------------------------------


def test_every_event_is_declared_once() -> None:
    """What begins with a time and with who asked is an event, wherever it lies."""
    kinds = [kind for aggregate in AGGREGATES for kind in aggregate.events]
    rooms = tuple(aggregate.new.__module__.rpartition(".")[0] for aggregate in AGGREGATES)
    events = {
        each
        for each in named_tuples()
        if getattr(each, "_fields", ())[:2] == ("at_us", "by") and each.__module__.startswith(rooms)
    }
    assert Counter(kind.event for kind in kinds) == Counter(events)
    assert len({kind.name for kind in kinds}) == len(kinds)


def test_every_command_is_declared_once() -> None:
    """What can make a reply is a command; a purchase has a way of its own."""
    handled = [handler.command for aggregate in AGGREGATES for handler in aggregate.commands]
    commands = {each for each in named_tuples() if hasattr(each, "reply")}
    assert Counter(handled) == Counter(commands)
    assert Authorize not in commands


NAMES = {
    "account": [
        ("account_opened", 1), ("account_linked", 1), ("account_credited", 3),
        ("transaction_approved", 3), ("transaction_declined", 3), ("card_opened", 2),
        ("card_blocked", 1), ("card_unblocked", 2), ("limit_queried", 1), ("card_replaced", 1),
        ("limit_changed", 1), ("hold_approved", 2), ("hold_declined", 2), ("hold_incremented", 2),
        ("increment_declined", 2), ("hold_expired", 1), ("purchase_captured", 2),
        ("purchase_reversed", 2), ("purchase_reversed_before", 1), ("purchase_refunded", 2),
        ("wallet_adjusted", 1), ("account_status_changed", 1), ("velocity_limit_put", 1),
        ("velocity_limit_changed", 1), ("velocity_limit_removed", 1),
        ("velocity_window_began", 1), ("card_controls_put", 1),
    ],
    "customer": [
        ("customer_registered", 1), ("personal_data_recorded", 2), ("personal_data_erased", 1),
        ("operations_imported", 2),
    ],
    "limit": [("global_limit_put", 1), ("global_limit_removed", 1)],
    "merchant": [("merchant_registered", 1), ("merchant_removed", 1)],
    "setting": [("policy_changed", 1)],
    "ticket": [
        ("ticket_opened", 3), ("ticket_taken", 1), ("interaction_recorded", 2),
        ("ticket_put_on_hold", 2), ("ticket_resumed", 2), ("ticket_priority_changed", 2),
        ("ticket_resolved", 2), ("ticket_reopened", 2), ("ticket_closed", 1),
        ("ticket_escalated", 1),
    ],
}  # fmt: skip
"""By hand: what journals call the events never changes, whatever the code calls them."""


def test_the_names_and_versions_on_disk_are_these() -> None:
    found = {
        aggregate.name: [(kind.name, kind.version) for kind in aggregate.events]
        for aggregate in AGGREGATES
    }
    assert found == NAMES


def test_the_kinds_of_entries_in_snapshots_are_these() -> None:
    kinds = {aggregate.name: aggregate.snapshot_kind for aggregate in AGGREGATES}
    assert kinds == {
        "account": 1,
        "customer": 2,
        "merchant": 5,
        "ticket": 7,
        "limit": 10,
        "setting": 11,
    }
    assert {index.name: index.snapshot_kind for index in INDEXES} == {
        "cards": 4,
        "erased": 8,
        "requests": 9,
    }


@each_aggregate
def test_commands_and_events_name_their_entity(aggregate: Aggregate[Any]) -> None:
    """By one field; commands that open what has no id yet are given it by who asks."""
    if aggregate.id_field is None:
        return
    state = aggregate.new("the id")
    assert aggregate.id_of(state) == "the id"
    for handler in aggregate.commands:
        assert handler.creates or hasattr(handler.command, aggregate.id_field)


@each_aggregate
def test_every_reply_says_what_it_is(aggregate: Aggregate[Any]) -> None:
    """So that whoever asks knows the type of the answer."""
    for handler in aggregate.commands:
        assert get_type_hints(handler.command.reply)["return"] is not Any


def test_a_purchase_is_in_no_index() -> None:
    """The short way of a purchase does not keep them."""
    for index in INDEXES:
        assert not index.entries.keys() & {PurchaseApproved, PurchaseDeclined}


# --- what is decided the same for all ------------------------------------------------------------


@pytest.mark.parametrize(
    ("aggregate", "command"),
    [
        (aggregate, handler.command)
        for aggregate in (ACCOUNTS, CUSTOMERS, TICKETS)
        for handler in aggregate.commands
        if not handler.creates
    ],
    ids=lambda value: getattr(value, "__name__", value.__class__.__name__),
)
def test_what_is_asked_of_nobody_is_not_found(
    aggregate: Aggregate[Any], command: type[Any]
) -> None:
    """Before any rule looks at it, and in the same words."""
    asked = command(*(None for _ in getattr(command, "_fields", ())))
    decision = aggregate.decide(aggregate.new("x"), asked, context(), NOW_US)
    assert decision.outcome == aggregate.unknown("x")
    assert decision.outcome.detail == f"there is no {aggregate.name} 'x'"


def test_a_command_of_another_aggregate_is_a_bug() -> None:
    with pytest.raises(KeyError):
        MERCHANTS.decide(MERCHANTS.new(""), ReadAccount("a"), context(), NOW_US)


# --- what can't be meant is refused at import ----------------------------------------------------


class Happened(NamedTuple):
    at_us: int
    by: str
    account_id: str


class OtherFields(NamedTuple):
    by: str
    at_us: int
    account_id: str


class Nameless(NamedTuple):
    at_us: int
    by: str


def nobody(_: Any) -> None:
    """Add no entry."""


def nothing(_: Any, __: Any) -> None:
    """Change nothing."""


@pytest.mark.parametrize("upgrades", [{}, {2: list}, {1: list, 2: list}])
def test_every_old_version_has_an_upgrade(upgrades: dict[int, Any]) -> None:
    with pytest.raises(ValueError, match="every version before 2 has an upgrade"):
        EventKind("x", Happened, nothing, version=2, upgrades=upgrades)


def test_an_event_begins_with_its_time_and_who_asked() -> None:
    with pytest.raises(ValueError, match="begins with"):
        EventKind("x", OtherFields, nothing)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"events": (EventKind("x", Nameless, nothing),)}, "x has no account_id"),
        ({"events": (EventKind("x", Happened, nothing),) * 2}, "declared twice"),
        ({"commands": (Handler(ReadAccount, read),) * 2}, "declared twice"),
        ({"indexes": (replace(ACCOUNT_OF_CARD, entries={Happened: nobody}),)}, "another aggregate"),
        ({"codec": TableCodec(list, nothing)}, "has a TableCodec"),
        ({"id_field": None}, "has a TableCodec"),
    ],
)
def test_a_declaration_that_can_not_be_meant_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        replace(ACCOUNTS, **changes)


def test_two_aggregates_can_not_declare_the_same() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        aggregates.table([("a", ACCOUNTS), ("a", CUSTOMERS)])


def test_an_aggregate_that_says_what_opens_it_refuses_all_else_first() -> None:
    """Replay meets no such journal, unless it is damaged."""
    opens: EventKind[Account, Happened] = EventKind("x", Happened, nothing, opens=True)
    strict = replace(ACCOUNTS, events=(opens,), indexes=())
    account = Account("a")
    strict.evolve(account, Happened(NOW_US, BY, "a"), 1)
    assert account.exists
    with pytest.raises(ValueError, match="x does not fit"):
        strict.evolve(account, Happened(NOW_US, BY, "a"), 2)


@each_aggregate
def test_a_codec_gives_back_what_it_took(aggregate: Aggregate[Any]) -> None:
    """Of an entity to which nothing has happened; tests of persistence try all others."""
    if isinstance(aggregate.codec, Codec):
        state = aggregate.new("x")
        again = aggregate.codec.unpack([*aggregate.codec.pack(state)])
        assert aggregate.codec.pack(again) == aggregate.codec.pack(state)


def test_pages_that_a_snapshot_names_and_nobody_finds_are_refused() -> None:
    """They would be lost whenever the entity falls asleep."""
    assert isinstance(ACCOUNTS.codec, Codec)
    changes: tuple[dict[str, Any], ...] = ({"pages": {}}, {"sealed_pages": None})
    for change in changes:
        with pytest.raises(ValueError, match="two members"):
            replace(ACCOUNTS.codec, **change)
