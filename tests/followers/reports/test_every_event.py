"""No event is forgotten: it brings rows, or stands here as one that brings none."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from authorizer.domain.accounts.events import AccountLinked, AccountOpened
from authorizer.domain.accounts.purchase_events import (
    CardControlsPut,
    LimitCeilingsChanged,
    LimitPut,
    LimitRemoved,
    LimitWindowBegan,
)
from authorizer.domain.accounts.state import ACCOUNT_OF_CARD
from authorizer.domain.aggregates import AGGREGATE_OF_EVENT
from authorizer.domain.customers.events import (
    CustomerRegistered,
    PersonalDataErased,
    PersonalDataRecorded,
)
from authorizer.domain.limits.events import GlobalLimitPut, GlobalLimitRemoved
from authorizer.domain.merchants.events import MerchantRegistered, MerchantRemoved
from authorizer.domain.settings.events import PolicyChanged
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.events import TicketEscalated
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables.projection import PROJECTED, lookups, project
from authorizer.followers.reports.tables.rows import Rows
from authorizer.followers.reports.tables.terms import KnownTerms
from authorizer.followers.reports.tables.ticket_rows import CONTACTS
from tests.support.any_event import EVENTS

NOT_PROJECTED: Final[set[type[Any]]] = {
    AccountOpened,
    AccountLinked,
    CustomerRegistered,
    PersonalDataRecorded,
    PersonalDataErased,
    MerchantRegistered,
    MerchantRemoved,
    CardControlsPut,
    LimitCeilingsChanged,
    LimitPut,
    LimitRemoved,
    LimitWindowBegan,
    GlobalLimitPut,
    GlobalLimitRemoved,
    PolicyChanged,
}
"""Events of which no statement, history, list or report tells."""


def test_every_event_is_projected_or_stated_not_to_be() -> None:
    projected = PROJECTED.keys() | ACCOUNT_OF_CARD.entries.keys()
    assert projected | NOT_PROJECTED == AGGREGATE_OF_EVENT.keys()
    assert not projected & NOT_PROJECTED


def test_every_event_of_a_ticket_but_its_escalation_is_a_contact() -> None:
    assert CONTACTS.keys() | {TicketEscalated} == {kind.event for kind in TICKETS.events}
    assert len(set(CONTACTS.values())) == len(CONTACTS)


@given(st.one_of([EVENTS[event] for event in NOT_PROJECTED]))
def test_an_event_that_is_not_projected_brings_no_row(event: Any) -> None:
    rows = Rows(KnownTerms(), LocalDays("UTC"))
    project(rows, event, 1)
    assert lookups([event]) == (set(), set())
    assert not any((rows.purchases.values, rows.lives.values, rows.cards, rows.operations))
    assert not any((rows.contacts, rows.tickets, rows.ticket_changes, rows.known.new))
    assert not rows.account_changes
