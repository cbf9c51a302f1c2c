"""Words that documents list one by one are those that the domain has, no more and no fewer."""

from __future__ import annotations

from typing import Any, get_args

from authorizer.actors.clock import ClockState
from authorizer.domain.access import AccessKind
from authorizer.domain.tickets.state import AUTHORS
from authorizer.http.accesses import DataRead
from authorizer.http.operations import ClockHealth
from authorizer.http.ticket_document import Author


def words(document: Any, member: str) -> set[str]:
    return set(get_args(document.__annotations__[member]))


def test_the_authors_of_an_interaction() -> None:
    assert get_args(Author) == AUTHORS


def test_the_kinds_of_reads() -> None:
    """Who came in, or could not, is in the same log, and is no read of a customer."""
    entrances = {
        AccessKind.LOG_IN,
        AccessKind.LOG_IN_REFUSED,
        AccessKind.LOG_OUT,
        AccessKind.PASSWORD_CHANGED,
        AccessKind.PASSKEY_LOG_IN,
        AccessKind.PASSKEY_ADDED,
        AccessKind.PASSKEY_REMOVED,
    }
    reads = {kind.value for kind in AccessKind if kind not in entrances}
    assert words(DataRead, "tipo") == reads


def test_the_states_of_the_clock() -> None:
    assert words(ClockHealth, "state") == {state.value for state in ClockState}
