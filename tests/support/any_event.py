"""Hypothesis strategies for events: every kind, with anything in its fields that it may hold."""

from __future__ import annotations

from typing import Any, Final, get_args, get_type_hints

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from authorizer.domain.accounts.cards import BLOCK_REASONS, CardStatus, CardTerms, Operation
from authorizer.domain.accounts.events import (
    AccountCredited,
    AccountLinked,
    AccountOpened,
    CardBlocked,
    CardOpened,
    CardReplaced,
    CardUnblocked,
    LimitChanged,
    LimitQueried,
    PurchaseApproved,
    PurchaseDeclined,
)
from authorizer.domain.aggregates import Event
from authorizer.domain.customers.events import (
    CustomerRegistered,
    OperationsImported,
    PersonalDataErased,
    PersonalDataRecorded,
)
from authorizer.domain.merchants.events import MerchantRegistered, MerchantRemoved
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import Reason
from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets import events as ticket_events

unhurried: Final = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How fast this machine is decides nothing."""

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
"""Any text; lone surrogates are no text."""
times_us = st.integers(-(2**53), 2**62)
cents = st.integers(0, 10**17)
signed_cents = st.integers(-(10**17), 10**17)
asked_cents = st.integers(1, 10**28) | st.integers(2**63 - 2, 2**64 + 2)
"""What was asked for may be beyond 64 bits; such a purchase can only be declined."""
card_ids = texts
maybe_text = st.none() | texts

written_times = st.builds(WrittenTime, times_us, maybe_text)
card_terms = st.builds(
    CardTerms,
    card_id=card_ids,
    masked_number=texts,
    brand=texts,
    status=st.sampled_from([status.value for status in CardStatus]),
    block_reason=st.none() | st.sampled_from(sorted(BLOCK_REASONS)),
    blocked_at=st.none() | written_times,
    limit_total_cents=st.none() | cents,
    limit_used_cents=cents,
    replaces=maybe_text,
    replaced_by=maybe_text,
)
operations = st.builds(
    Operation,
    kind=texts,
    card_id=card_ids,
    at=written_times,
    channel=maybe_text,
    block_reason=maybe_text,
    justification=maybe_text,
    available_cents=st.none() | signed_cents,
    limit_total_cents=st.none() | cents,
    previous_limit_cents=st.none() | cents,
    replaced_by=maybe_text,
)


def _ticket_event(kind: type[Any]) -> st.SearchStrategy[Any]:
    """A ticket's event with anything in its fields: each is told by its annotation."""
    by_type = {int: times_us, str: texts, bool: st.booleans(), Sealed: texts}
    fields = [by_type.get(annotated, maybe_text) for annotated in get_type_hints(kind).values()]
    return st.builds(kind, *fields)


EVENTS: Final[dict[type, st.SearchStrategy[Event]]] = {
    AccountOpened: st.builds(
        AccountOpened,
        times_us,
        texts,
        texts,
        st.dictionaries(texts, cents, max_size=4),
        maybe_text,
    ),
    AccountLinked: st.builds(AccountLinked, times_us, texts, texts, texts),
    AccountCredited: st.builds(AccountCredited, times_us, texts, texts, texts, texts, cents),
    PurchaseApproved: st.builds(
        PurchaseApproved,
        times_us,
        texts,
        texts,
        maybe_text,
        cents,
        texts,
        texts,
        maybe_text,
        maybe_text,
        maybe_text,
    ),
    PurchaseDeclined: st.builds(
        PurchaseDeclined,
        times_us,
        texts,
        texts,
        maybe_text,
        asked_cents,
        texts,
        texts,
        maybe_text,
        maybe_text,
        st.sampled_from([reason.word for reason in Reason]),
    ),
    CardOpened: st.builds(CardOpened, times_us, texts, texts, texts, card_terms),
    CardBlocked: st.builds(
        CardBlocked,
        times_us,
        texts,
        texts,
        card_ids,
        st.sampled_from(sorted(BLOCK_REASONS)),
        texts,
    ),
    CardUnblocked: st.builds(CardUnblocked, times_us, texts, texts, card_ids, texts, texts),
    LimitQueried: st.builds(LimitQueried, times_us, texts, texts, card_ids, texts, signed_cents),
    CardReplaced: st.builds(
        CardReplaced,
        times_us,
        texts,
        texts,
        texts,
        card_ids,
        st.none() | st.sampled_from(sorted(BLOCK_REASONS)),
        texts,
        card_terms,
    ),
    LimitChanged: st.builds(
        LimitChanged, times_us, texts, texts, card_ids, texts, cents, st.none() | cents
    ),
    CustomerRegistered: st.builds(
        CustomerRegistered,
        times_us,
        texts,
        texts,
        texts,
        st.booleans(),
        st.lists(card_ids, max_size=3).map(tuple),
    ),
    PersonalDataRecorded: st.builds(PersonalDataRecorded, times_us, texts, texts, texts),
    PersonalDataErased: st.builds(PersonalDataErased, times_us, texts, texts),
    OperationsImported: st.builds(
        OperationsImported,
        times_us,
        texts,
        texts,
        st.lists(operations, max_size=3).map(tuple),
    ),
    MerchantRegistered: st.builds(MerchantRegistered, times_us, texts, texts, texts),
    MerchantRemoved: st.builds(MerchantRemoved, times_us, texts, texts),
    **{kind: _ticket_event(kind) for kind in get_args(ticket_events.TicketEvent)},
}

any_event: st.SearchStrategy[Event] = st.one_of(list(EVENTS.values()))
