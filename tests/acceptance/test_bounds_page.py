"""Every bound in docs/bounds.md is the one that the code has."""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest

from authorizer.actors import (
    batch_turns,
    batches,
    counting,
    desk_time,
    disk_room,
    dispatcher,
    run_queue,
    search,
    timers,
    velocity_limits,
)
from authorizer.actors.business_hours import MAX_CLOSED_DAYS
from authorizer.console import live
from authorizer.console.access import challenges, lock_out, passwords, sessions
from authorizer.domain import descriptors, money, text
from authorizer.domain.accounts import card_rules, spending_log
from authorizer.domain.accounts.state import MAX_OPERATIONS
from authorizer.domain.customers.rules import MAX_IMPORTED_OPERATIONS
from authorizer.domain.limits.rules import MAX_GLOBAL_LIMITS
from authorizer.domain.merchants.rules import MAX_KEY_LENGTH, MAX_MERCHANTS
from authorizer.domain.moments import DAY_US, HOUR_US, SECOND_US
from authorizer.domain.people import MAX_PASSKEYS
from authorizer.domain.tickets.rules import MAX_INTERACTIONS, MAX_SEALED_CHARS
from authorizer.followers import open_queries
from authorizer.followers.events import client, pages
from authorizer.followers.reports import bounds
from authorizer.followers.reports.period import MAX_DAYS
from authorizer.followers.reports.purchases.daily_sums import MAX_KEPT_SUMS
from authorizer.followers.reports.tickets.cache import MAX_KEPT_TICKETS
from authorizer.http import (
    accounts,
    batch,
    batch_answers,
    batch_body,
    batch_lines,
    batch_reading,
    card_controls,
    customer_document,
    event_streams,
    events,
    limits,
    purchase_requests,
)
from authorizer.http.api import json_text, paging, query, wire
from authorizer.http.connection import plain_heads, protocol, unread
from authorizer.logs import background, repeats
from authorizer.persistence.api_keys import MAX_KEYS
from authorizer.persistence.backup.record import MAX_PLACES
from authorizer.persistence.journal import group_commit
from authorizer.persistence.privacy import access_log
from authorizer.persistence.users import MAX_USERS
from authorizer.server import sockets, uvicorn_server
from authorizer.settings.model import Settings
from tests.support.server import PROJECT

PAGE: Final = (PROJECT / "docs" / "bounds.md").read_text(encoding="utf-8")
_NUMBER: Final = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?[⁰¹²³⁴⁵⁶⁷⁸⁹]*")
_KIB, _MIB = 1 << 10, 1 << 20


def of(name: str) -> Any:
    """A setting's default."""
    return Settings.model_fields[name].default


def most(hint: Any, name: str = "max_length") -> Any:
    """A bound of a member, as its type says it."""
    metadata = getattr(hint, "metadata", None) or typing.get_args(hint)[1:]
    (value,) = (
        getattr(each, name)
        for field in metadata
        for each in [field, *getattr(field, "metadata", ())]
        if hasattr(each, name)
    )
    return value


def length(model: Any, name: str) -> Any:
    """The most that a list of a document has."""
    return most(model.model_fields[name])


def _hours_beyond(kept_us: int, days: int) -> int:
    """What ids are kept longer than their retention, in whole hours."""
    return -(-(kept_us - days * DAY_US) // HOUR_US)


def _scopes() -> set[Any]:
    names = ("wallets", "mccs", "merchants", "cards")
    kinds = {length(limits.ScopeDocument, name) for name in names}
    return kinds | {
        length(card_controls.CardControlsDocument, name)
        for name in ("mccs_permitidos", "mccs_bloqueados", "estabelecimentos_bloqueados")
    }


KEPT: Final = Settings.model_construct().id_retention
EXPECTED: Final[Mapping[str, Callable[[], list[Any]]]] = {
    "requests in flight": lambda: [of("max_in_flight")],
    "messages that wait for one": lambda: [of("max_inbox")],
    "purchases under way": lambda: [of("deadline_ms")],
    "wait before a decision": lambda: [of("deadline_ms")],
    "messages handled": lambda: [*{run_queue.MAX_STEP, group_commit.MAX_RELEASE}],
    "batches under way": lambda: [batches.MAX_BATCHES],
    "how long a batch goes on": lambda: [
        batch_turns.SLICE_NS / 1e6,
        batches.MAX_SHARE,
        batch_reading.UNIT,
    ],
    "lines of a batch that are": lambda: [batch.MAX_WINDOW, batches._ASIDE_AT_ONCE],
    "what of a batch has": lambda: [batch_body.MAX_AHEAD_BYTES / _MIB],
    "answers of a batch": lambda: [batch_answers.MAX_UNREAD_BYTES / _MIB],
    "lines of a batch; its body": lambda: [
        batch_lines.MAX_LINES,
        batch_lines.MAX_BATCH_BYTES / _MIB,
    ],
    "amounts of batches": lambda: [batch_reading._MAX_AMOUNTS],
    "requests of one API key": lambda: [of("rate_limit_per_second"), of("rate_limit_burst")],
    "searches of one API key": lambda: [
        of("search_hits_per_minute"),
        of("masked_searches_per_hour"),
    ],
    "queries of the read models": lambda: [
        open_queries.MAX_QUERIES,
        of("reports_wait_ms") // 1000,
    ],
    "searches that wait": lambda: [search.MAX_WAITING, search.PATIENCE_SECONDS],
    "purchases that are noted": lambda: [spending_log.MAX_NOTES],
    "how often it is made, where the account": lambda: [velocity_limits.TRIES],
    "how long a purchase waits until": lambda: [counting.PATIENCE * of("deadline_ms")],
    "how long an account is let alone": lambda: [counting.AGAIN_SECONDS],
    "how far away a deadline in": lambda: [desk_time.MAX_DAYS // 366, MAX_CLOSED_DAYS],
    "how exact the end of a hold": lambda: [timers.SLOT_US / SECOND_US, timers.SLICE],
    "drain": lambda: [uvicorn_server.DRAIN_SECONDS],
    "connections accepted": lambda: [sockets.ACCEPTED_PER_ROUND],
    "connections": lambda: [sockets.MAX_CONNECTIONS, sockets.RESERVED_FILES],
    "connections not yet": lambda: [sockets.BACKLOG],
    "heads of plain": lambda: [plain_heads.MAX_KNOWN, plain_heads.MAX_HEAD_BYTES / _KIB],
    "the head of a request": lambda: [protocol.MAX_HEAD_BYTES / _KIB, 1],
    "requests that wait for their turn": lambda: [protocol.MAX_WAITING, protocol.PIECE_BYTES],
    "how long one connection's bytes": lambda: [
        protocol.TURN_NS / 1e6,
        protocol.PIECE_BYTES,
        protocol.BODY_PIECE_BYTES / _KIB,
    ],
    "bytes that were read": lambda: [256],  # what uvloop reads at once
    "what is read of a body": lambda: [protocol.MAX_DISCARDED_BYTES / _MIB],
    "how long a connection is quiet": lambda: [of("keep_alive_seconds")],
    "how long an answer waits": lambda: [unread.UNREAD_SECONDS],
    "bytes of answers": lambda: [unread.MAX_UNREAD_BYTES / _MIB],
    "body": lambda: [wire.MAX_BODY_BYTES / _KIB],
    "parameters that one answer": lambda: [query.MAX_ERRORS],
    "arrays and objects": lambda: [json_text.MAX_NESTING],
    "texts, ids, lists": list,
    "amount of a purchase": lambda: [money.MAX_AMOUNT_DIGITS],
    "what a wallet": lambda: ["10¹⁷"] if money.MAX_BALANCE_CENTS == 10**17 else [],
    "a merchant's name": lambda: [MAX_KEY_LENGTH],
    "words of a name": lambda: [text.MAX_WORDS],
    "cards and lines": lambda: [
        length(customer_document.CustomerDocument, "cartoes"),
        length(customer_document.CustomerDocument, "historico_operacoes"),
        length(accounts.AccountDocument, "balances"),
    ],
    "rows on a page": lambda: [bounds.MAX_PAGE_ROWS],
    "customers on a page": lambda: [most(paging.Rows, "le")],
    "names in each kind": lambda: [*_scopes()],
    "`hold_hours`": lambda: [
        most(purchase_requests.HoldHours, "ge"),
        most(purchase_requests.HoldHours, "le"),
        limits._MIN_US / SECOND_US,
        limits._MAX_US / DAY_US,
        "2³¹" if most(limits.Count, "le") == 2**31 else "",
    ],
    "a report's period": lambda: [MAX_DAYS, bounds.MAX_GROUPS],
    "ids of credits": lambda: [of("max_remembered_ids")],
    "closed purchases in memory": lambda: [
        of("purchases_in_memory"),
        of("closed_in_memory_hours"),
    ],
    "how long a purchase is found": lambda: [
        of("id_retention_days"),
        _hours_beyond(KEPT.purchases_us, of("id_retention_days")),
    ],
    "how long the id of a credit is remembered": lambda: [
        of("credit_id_retention_days"),
        _hours_beyond(KEPT.credits_us, of("credit_id_retention_days")),
    ],
    "accounts active": lambda: [of("max_resident_accounts"), dispatcher.MAX_RESIDENT_OTHERS],
    "interactions of a ticket": lambda: [MAX_INTERACTIONS, MAX_SEALED_CHARS / _MIB],
    "merchant overrides": lambda: [MAX_MERCHANTS],
    "limits for every account": lambda: [MAX_GLOBAL_LIMITS],
    "cards on an account": lambda: [card_rules.MAX_CARDS],
    "operations kept in memory": lambda: [MAX_OPERATIONS],
    "operations that documents": lambda: [MAX_IMPORTED_OPERATIONS],
    "merchant names whose": lambda: [descriptors._MEMO_ENTRIES],
    "tickets, and sums": lambda: [*{MAX_KEPT_TICKETS, MAX_KEPT_SUMS}],
    "API keys": lambda: [MAX_KEYS],
    "people of the console": lambda: [MAX_USERS],
    "passkeys of one person": lambda: [MAX_PASSKEYS],
    "challenges of passkeys": lambda: [challenges.GOOD_NS / 60e9, challenges.MAX_ANSWERED],
    "places of backups": lambda: [MAX_PLACES],
    "sessions at the console": lambda: [sessions.MAX_SESSIONS, lock_out.MAX_NAMES],
    "log-ins that wait": lambda: [passwords.MAX_WAITING],
    "failures to log in": lambda: [lock_out.FREE_TRIES, lock_out.LONGEST_WAIT_NS / 60e9],
    "questions for": lambda: [open_queries.MAX_QUERIES, client.LONGEST_SECONDS],
    "live streams of events": lambda: [event_streams.MAX_STREAMS, event_streams.LONGEST_SECONDS],
    "events on a page": lambda: [
        events.MAX_EVENTS,
        pages.MAX_PAGE_BYTES / _KIB,
        pages.MAX_PAGE_RECORDS,
    ],
    "event streams": lambda: [live.MAX_LISTENERS, live.LONGEST_SECONDS],
    "records in a batch": lambda: [group_commit.MAX_BATCH_RECORDS],
    "a segment": lambda: [of("segment_mib")],
    "free disk": lambda: [of("disk_reserve_mib"), disk_room.FASTEST_BYTES >> 30],
    "snapshots kept": lambda: [of("snapshots_kept")],
    "the access log": lambda: [
        access_log.SEGMENT_BYTES / _MIB,
        access_log.RESERVE_BYTES / _MIB,
    ],
    "how far a wall clock": lambda: [of("clock_jump_seconds"), of("clock_gap_hours")],
    "log lines that wait": lambda: [background.MAX_QUEUED_BYTES / _MIB],
    "log lines of one kind": lambda: [repeats.BURST, repeats.WINDOW_SECONDS, repeats.MAX_KINDS],
}
"""By how a row begins: the numbers of its bound, in their order."""


def rows() -> Iterator[tuple[str, str, str]]:
    """What is bounded, by how much, and the settings that change it."""
    for line in PAGE.splitlines():
        if line.startswith("| ") and not line.startswith("| what |"):
            what, bound, setting, _ = (cell.strip() for cell in line.strip("|").split("|"))
            yield what, bound, setting


def spelled(value: Any) -> str:
    """A number as the page writes it."""
    return value if isinstance(value, str) else f"{value:,g}" if value % 1 else f"{int(value):,}"


@pytest.mark.parametrize(("what", "bound", "setting"), [*rows()])
def test_every_bound_is_the_one_of_the_code(what: str, bound: str, setting: str) -> None:
    key = max((key for key in EXPECTED if what.startswith(key)), key=len, default=None)
    assert key is not None, "a row that nothing here looks at"
    assert _NUMBER.findall(bound) == [spelled(value) for value in EXPECTED[key]()]
    assert set(re.findall(r"`(\w+)`", setting)) <= set(Settings.model_fields)
