"""The life of a ticket: what each state allows, what it comes to, and what its clock shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from authorizer.domain.aggregate import Context
from authorizer.domain.moments import MINUTE_US
from authorizer.domain.outcomes import Done, RefusalKind
from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets import commands, events
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.clock import ticket_clock
from authorizer.domain.tickets.legal_deadline import legal_due_us
from authorizer.domain.tickets.rules import MAX_INTERACTIONS, MAX_SEALED_CHARS
from authorizer.domain.tickets.service_levels import DEFAULT_SERVICE_LEVELS, Priority
from authorizer.domain.tickets.state import (
    Ticket,
    TicketStatus,
    running_number,
    ticket_id_of,
    ticket_view,
)
from tests.support.builders import BY, NOW_US, ToySealer, context, deep, words

PROTOCOL, CUSTOMER, ANA = "20250224000001", "12345", "Ana"
STATES = [status.value for status in TicketStatus]


def seal(*texts: str | None) -> Sealed:
    return ToySealer().seal(CUSTOMER, repr(texts))


CONTEXT = context()
ERASED = context(sealer=ToySealer(keys=set()), erased=[CUSTOMER])

OPEN = commands.OpenTicket(
    CUSTOMER, "Cartão", "Perdi", "cartao", Priority.HIGH, "App", "k1", None, BY
)
TAKE = commands.TakeTicket(PROTOCOL, ANA, "Chat", BY)
HOLD = commands.PauseTicket(PROTOCOL, "Chat", None, None, BY)
RESOLVE = commands.ResolveTicket(PROTOCOL, commands.Resolution(ANA, "Feito"), "Chat", BY)
RANK = commands.ChangePriority(PROTOCOL, Priority.URGENT, "Chat", BY)
REOPEN = commands.ReopenTicket(PROTOCOL, "Ainda não", "App", BY)
CLOSE = commands.CloseTicket(PROTOCOL, "Sistema", BY)


def said(author: str, *, public: bool = True, name: str | None = None) -> Any:
    return commands.RecordInteraction(PROTOCOL, author, name, "Chat", "Olá", public, BY)


def decided(ticket: Ticket, command: Any, context: Context = CONTEXT, now_us: int = NOW_US) -> Any:
    """The decision, checked to have changed nothing."""
    before = deep(ticket)
    decision = TICKETS.decide(ticket, command, context, now_us)
    assert deep(ticket) == before
    return decision


def done(ticket: Ticket, *asked: Any, now_us: int = NOW_US) -> Ticket:
    """The same ticket, after commands that hold."""
    for command in asked:
        decision = decided(ticket, command, now_us=now_us)
        assert isinstance(decision.outcome, Done), decision
        for event in decision.events:
            TICKETS.evolve(ticket, event, ticket.position + 1)
    return ticket


def in_state(status: str) -> Ticket:
    way = {
        "aberto": (),
        "em_atendimento": (TAKE,),
        "aguardando_cliente": (TAKE, HOLD),
        "resolvido": (RESOLVE,),
        "reaberto": (RESOLVE, REOPEN),
        "fechado": (RESOLVE, CLOSE),
    }
    ticket = done(Ticket(PROTOCOL), OPEN, *way[status])
    assert ticket.status.value == status
    return ticket


NO = "conflict"
LIFE: dict[str, tuple[Any, list[str]]] = {
    # What is asked, and the state after it from each state in the order of STATES:
    # aberto, em_atendimento, aguardando_cliente, resolvido, reaberto, fechado.
    "taken": (
        TAKE,
        ["em_atendimento", "em_atendimento", "em_atendimento", NO, "em_atendimento", NO],
    ),
    "held": (HOLD, [NO, "aguardando_cliente", NO, NO, NO, NO]),
    "held with a word": (
        HOLD._replace(message="Envie o documento"),
        ["aguardando_cliente", "aguardando_cliente", NO, NO, "aguardando_cliente", NO],
    ),
    "held by somebody named": (
        HOLD._replace(attendant=ANA),
        ["aguardando_cliente", "aguardando_cliente", NO, NO, "aguardando_cliente", NO],
    ),
    "resolved": (RESOLVE, ["resolvido", "resolvido", "resolvido", NO, "resolvido", NO]),
    "reopened": (REOPEN, [NO, NO, NO, "reaberto", NO, NO]),
    "given another priority": (
        RANK,
        ["aberto", "em_atendimento", "aguardando_cliente", NO, "reaberto", NO],
    ),
    "closed": (CLOSE, [NO, NO, NO, "fechado", NO, NO]),
    "customer speaks": (
        said("cliente"),
        ["aberto", "em_atendimento", "em_atendimento", "resolvido", "reaberto", NO],
    ),
    "attendant speaks": (
        said("atendente"),
        [
            "em_atendimento",
            "em_atendimento",
            "aguardando_cliente",
            "resolvido",
            "em_atendimento",
            NO,
        ],
    ),
    "attendant notes": (
        said("atendente", public=False),
        ["aberto", "em_atendimento", "aguardando_cliente", "resolvido", "reaberto", NO],
    ),
    "bot speaks": (
        said("robo"),
        ["aberto", "em_atendimento", "aguardando_cliente", "resolvido", "reaberto", NO],
    ),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("what", LIFE)
def test_what_each_state_allows(what: str, state: str) -> None:
    """Anything else is a conflict that names the state, and changes nothing."""
    command, after = LIFE[what]
    expected = after[STATES.index(state)]
    ticket = in_state(state)
    decision = decided(ticket, command)
    if expected == NO:
        assert decision.outcome.kind is RefusalKind.CONFLICT
        assert state in decision.outcome.detail
        assert decision.events == ()
    else:
        assert done(ticket, command).status.value == expected


@pytest.mark.parametrize("what", LIFE)
def test_a_ticket_that_is_not_there_is_not_found(what: str) -> None:
    command, _ = LIFE[what]
    assert decided(Ticket(PROTOCOL), command).outcome.kind is RefusalKind.NOT_FOUND
    assert decided(Ticket("x"), commands.ReadTicket("x")).outcome.kind is RefusalKind.NOT_FOUND


def test_an_opening_says_everything_that_history_needs() -> None:
    """Later settings rewrite nothing that was promised: targets and deadlines are in the event."""
    decision = decided(Ticket(PROTOCOL), OPEN)
    level = DEFAULT_SERVICE_LEVELS[Priority.HIGH]
    assert decision.outcome == Done(created=True)
    assert decision.events == [
        events.TicketOpened(
            NOW_US,
            BY,
            PROTOCOL,
            CUSTOMER,
            "cartao",
            "alta",
            "App",
            "k1",
            level.first_response_us,
            level.resolution_us,
            seal("Cartão", "Perdi"),
            None,
            NOW_US + level.first_response_us,
            NOW_US + level.resolution_us,
            legal_due_us(NOW_US, CONTEXT.window_of),
        )
    ]


def test_an_opening_with_its_resolution_is_two_events_at_once() -> None:
    """Both or none: they go into the journal in one batch."""
    command = OPEN._replace(resolution=commands.Resolution(ANA, "Bloqueado"))
    decision = decided(Ticket(PROTOCOL), command)
    assert words(decision.events) == ["TicketOpened", "TicketResolved"]
    ticket = done(Ticket(PROTOCOL), command)
    assert (ticket.status, ticket.attendant) == (TicketStatus.RESOLVED, ANA)
    assert ticket.resolution == seal("Bloqueado")
    assert ticket.first_response_at_us is None, "a resolution alone is no response"


@pytest.mark.parametrize(
    ("state", "command", "expected"),
    [
        ("aberto", TAKE, ["TicketTaken"]),
        ("em_atendimento", TAKE, []),
        ("em_atendimento", TAKE._replace(attendant="Rui"), ["TicketTaken"]),
        ("aguardando_cliente", TAKE, ["TicketResumed"]),
        (
            "aguardando_cliente",
            TAKE._replace(attendant="Rui"),
            ["TicketResumed", "TicketTaken"],
        ),
        ("reaberto", TAKE, ["TicketTaken"]),
        ("aguardando_cliente", said("cliente"), ["InteractionRecorded", "TicketResumed"]),
        ("aberto", said("atendente"), ["InteractionRecorded", "TicketTaken"]),
        ("reaberto", said("atendente"), ["InteractionRecorded", "TicketTaken"]),
        ("resolvido", said("atendente"), ["InteractionRecorded"]),
        ("em_atendimento", HOLD, ["TicketPaused"]),
        (
            "aberto",
            HOLD._replace(message="?"),
            ["InteractionRecorded", "TicketTaken", "TicketPaused"],
        ),
        ("aberto", HOLD._replace(attendant=ANA), ["TicketTaken", "TicketPaused"]),
        ("resolvido", REOPEN, ["TicketReopened"]),
        ("resolvido", CLOSE, ["TicketClosed"]),
        ("aberto", RANK, ["TicketPriorityChanged"]),
        ("aberto", RANK._replace(priority=Priority.HIGH), []),
    ],
)
def test_what_happens(state: str, command: Any, expected: list[str]) -> None:
    assert words(decided(in_state(state), command).events) == expected


@pytest.mark.parametrize(("name", "attendant"), [("Bia", "Bia"), (None, BY)])
def test_who_takes_a_ticket_by_speaking(name: str | None, attendant: str) -> None:
    """The attendant who is named, else whoever asked."""
    assert done(in_state("aberto"), said("atendente", name=name)).attendant == attendant


def test_only_a_customers_name_is_personal() -> None:
    """It is sealed with what they said; who of the house spoke is not."""
    (event,) = decided(in_state("aberto"), said("cliente", name="Leo")).events
    assert (event.name, event.text) == (None, seal("Olá", "Leo"))
    event = decided(in_state("aberto"), said("atendente", name=ANA)).events[0]
    assert (event.name, event.text) == (ANA, seal("Olá", None))


WRITING = [OPEN, RESOLVE, said("cliente"), said("robo"), HOLD._replace(message="?")]


@pytest.mark.parametrize("command", WRITING, ids=lambda command: type(command).__name__)
def test_nothing_is_written_about_a_customer_who_was_erased(command: Any) -> None:
    ticket = Ticket(PROTOCOL) if command is OPEN else in_state("em_atendimento")
    decision = decided(ticket, command, ERASED)
    assert decision.outcome.kind is RefusalKind.GONE
    assert decision.events == ()


def test_a_ticket_of_an_erased_customer_can_be_read_and_ended_but_not_reopened() -> None:
    assert decided(in_state("resolvido"), REOPEN, ERASED).outcome.kind is RefusalKind.GONE
    for state, command in (
        ("resolvido", CLOSE),
        ("aberto", TAKE),
        ("em_atendimento", HOLD),
        ("em_atendimento", RANK),
        ("fechado", commands.ReadTicket(PROTOCOL)),
    ):
        assert isinstance(decided(in_state(state), command, ERASED).outcome, Done)


def test_a_ticket_holds_a_bounded_number_of_interactions() -> None:
    ticket = done(in_state("aberto"), *[said("cliente")] * MAX_INTERACTIONS)
    for command in (said("robo"), HOLD._replace(message="?")):
        assert decided(ticket, command).outcome.kind is RefusalKind.CONFLICT
    done(ticket, RESOLVE)
    assert decided(ticket, REOPEN).outcome.kind is RefusalKind.CONFLICT
    assert ticket_view(done(ticket, CLOSE)).status == "fechado"


def test_a_ticket_holds_a_bounded_amount_of_text() -> None:
    """Reopenings and resolutions count, although only the last ones are shown."""
    ticket = in_state("resolvido")
    long = REOPEN._replace(reason="x" * (MAX_SEALED_CHARS // 3))
    done(ticket, long, RESOLVE, long, RESOLVE, long, RESOLVE)
    assert decided(ticket, long).outcome.kind is RefusalKind.CONFLICT
    assert decided(ticket, said("cliente")).outcome.kind is RefusalKind.CONFLICT


@pytest.mark.parametrize(
    "event",
    [
        events.TicketClosed(NOW_US, BY, PROTOCOL, CUSTOMER, "App"),
        events.TicketTaken(NOW_US, BY, PROTOCOL, CUSTOMER, ANA, "App"),
    ],
)
def test_what_befalls_a_ticket_that_was_never_opened_is_damage(event: Any) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        TICKETS.evolve(Ticket(PROTOCOL), event, 1)


def test_a_ticket_that_is_opened_twice_is_damage() -> None:
    ticket = in_state("aberto")
    (event,) = decided(Ticket(PROTOCOL), OPEN).events
    with pytest.raises(ValueError, match="does not fit"):
        TICKETS.evolve(ticket, event, 2)


# --- what the customer waits for ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "asked", "waits"),
    [
        ("aberto", (), False),
        ("aberto", (said("cliente"),), True),
        ("resolvido", (said("cliente"),), True),
        ("aguardando_cliente", (said("cliente"),), True),
        ("reaberto", (), True),
        ("aberto", (said("cliente"), said("robo")), True),
        ("aberto", (said("cliente"), said("atendente", public=False)), True),
        ("aberto", (said("cliente"), said("atendente")), False),
        ("resolvido", (said("cliente"), said("atendente")), False),
        ("resolvido", (said("cliente"), CLOSE), False),
        ("em_atendimento", (said("cliente"), RESOLVE), False),
        ("em_atendimento", (said("cliente"), HOLD), True),
        ("em_atendimento", (said("cliente"), HOLD._replace(message="?")), False),
        ("resolvido", (said("cliente"), said("atendente"), said("cliente")), True),
    ],
)
def test_what_the_customer_says_waits_until_it_is_answered(
    state: str, asked: tuple[Any, ...], waits: bool
) -> None:
    ticket = done(in_state(state), *asked)
    assert (ticket_view(ticket).unanswered_since_us is not None) == waits


def test_the_customer_waits_since_the_first_of_their_words() -> None:
    ticket = in_state("resolvido")
    for minute in (1, 2, 3):
        done(ticket, said("cliente"), now_us=NOW_US + minute * MINUTE_US)
    assert ticket_view(ticket).unanswered_since_us == NOW_US + MINUTE_US


# --- the clock ---------------------------------------------------------------------------------

OPENED_AT_US = NOW_US
FIRST_MIN, RESOLUTION_MIN = 60, 480
Step = tuple[int, Any]
"""At how many minutes after the opening what is asked."""


def lived(*steps: Step) -> Ticket:
    ticket = done(Ticket(PROTOCOL), OPEN)
    for minute, command in steps:
        done(ticket, command, now_us=OPENED_AT_US + minute * MINUTE_US)
    return ticket


def minutes(at_us: int | None) -> int | None:
    return None if at_us is None else (at_us - OPENED_AT_US) // MINUTE_US


CLOCKS: dict[str, tuple[list[Step], int, tuple[int | None, bool, bool]]] = {
    # The steps; the minute of looking; when the resolution is due, what is overdue (first, whole).
    "nothing happened": ([], 60, (480, False, False)),
    "a minute later the answer is late": ([], 61, (480, True, False)),
    "resolution late": ([], 481, (480, True, True)),
    "resolution just in time": ([], 480, (480, True, False)),
    "answered in time": ([(60, said("atendente"))], 400, (480, False, False)),
    "answered late": ([(61, said("atendente"))], 400, (480, True, False)),
    "a bot is no answer": ([(1, said("robo"))], 61, (480, True, False)),
    "a note is no answer": ([(1, said("atendente", public=False))], 61, (480, True, False)),
    "taking is no answer": ([(1, TAKE)], 61, (480, True, False)),
    "waiting stops the clock": ([(100, TAKE), (100, HOLD)], 9999, (None, True, False)),
    "it goes on after the waiting": (
        [(50, said("atendente")), (100, HOLD), (1000, said("cliente"))],
        1380,
        (1380, False, False),
    ),
    "and ends where it must": (
        [(50, said("atendente")), (100, HOLD), (1000, said("cliente"))],
        1381,
        (1380, False, True),
    ),
    "late before the waiting stays late": (
        [(1, said("atendente")), (481, HOLD)],
        482,
        (None, False, True),
    ),
    "resolved in time stays in time": ([(480, RESOLVE)], 99999, (None, True, False)),
    "resolved without a word in time": ([(60, RESOLVE)], 99999, (None, False, False)),
    "resolved late stays late": ([(481, RESOLVE)], 99999, (None, True, True)),
    "reopened: what ran before counts": (
        [(30, RESOLVE), (1030, REOPEN)],
        1030,
        (1480, False, False),
    ),
    "closed": ([(30, RESOLVE), (40, CLOSE)], 99999, (None, False, False)),
}


@pytest.mark.parametrize("case", CLOCKS)
def test_the_clock(case: str) -> None:
    """Alta: 60 minutes to the first response, 480 to the resolution."""
    steps, look, expected = CLOCKS[case]
    clock = ticket_clock(ticket_view(lived(*steps)), OPENED_AT_US + look * MINUTE_US)
    assert minutes(clock.first_response_due_us) == FIRST_MIN
    assert (
        minutes(clock.resolution_due_us),
        clock.first_response_overdue,
        clock.resolution_overdue,
    ) == expected


def test_times_of_a_whole_life() -> None:
    """The first response and the first resolution stay; the last resolution moves."""
    ticket = lived(
        (1, said("robo")),
        (5, said("atendente", name=ANA)),
        (6, said("atendente", name="Rui")),
        (10, RESOLVE),
        (20, REOPEN),
        (30, RESOLVE),
        (31, REOPEN),
        (32, RESOLVE),
        (40, CLOSE),
    )
    view = ticket_view(ticket)
    assert [
        minutes(at_us)
        for at_us in (
            view.opened_at_us,
            view.first_response_at_us,
            view.first_resolved_at_us,
            view.resolved_at_us,
            view.closed_at_us,
        )
    ] == [0, 5, 10, 32, 40]
    assert view.reopenings == 2
    assert view.attendant == ANA
    assert view.ran_us == (10 + 10 + 1) * MINUTE_US
    assert [one.author for one in view.interactions] == ["robo", "atendente", "atendente"]


# --- words and numbers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "priority"),
    [
        ("baixa", Priority.LOW),
        ("media", Priority.MEDIUM),
        ("normal", Priority.MEDIUM),
        ("alta", Priority.HIGH),
        ("urgente", Priority.URGENT),
        ("critica", Priority.URGENT),
    ],
)
def test_priorities_in_the_words_of_both_texts(word: str, priority: Priority) -> None:
    assert Priority.of(word) is priority


def test_a_more_urgent_ticket_has_less_time() -> None:
    order = [Priority.URGENT, Priority.HIGH, Priority.MEDIUM, Priority.LOW]
    levels = [DEFAULT_SERVICE_LEVELS[priority] for priority in order]
    assert levels == sorted(levels)
    assert all(level.first_response_us < level.resolution_us for level in levels)


@pytest.mark.parametrize("number", [1, 42, 999_999, 1_000_000, 123_456_789])
def test_a_protocol_number_is_its_date_and_its_running_number(number: int) -> None:
    ticket_id = ticket_id_of("20250224", number)
    assert ticket_id.isdigit()
    assert len(ticket_id) >= 14
    assert running_number(ticket_id) == number


def test_the_table_of_life_is_whole() -> None:
    """Every command is asked in every state."""
    asked = {type(command) for command, _ in LIFE.values()}
    known: set[Callable[..., Any]] = {
        commands.TakeTicket,
        commands.PauseTicket,
        commands.ChangePriority,
        commands.ResolveTicket,
        commands.ReopenTicket,
        commands.CloseTicket,
        commands.RecordInteraction,
    }
    assert asked == known
    assert all(len(after) == len(STATES) for _, after in LIFE.values())


def test_another_priority_moves_what_is_due_as_if_the_ticket_always_had_it() -> None:
    ticket = lived((10, RANK))
    clock = ticket_clock(ticket_view(ticket), OPENED_AT_US + 20 * MINUTE_US)
    level = DEFAULT_SERVICE_LEVELS[Priority.URGENT]
    assert clock.first_response_due_us == OPENED_AT_US + level.first_response_us
    assert clock.resolution_due_us == OPENED_AT_US + level.resolution_us
    assert clock.first_response_overdue
    assert (ticket.priority, ticket.opened_priority) == ("urgente", "alta")


@pytest.mark.parametrize(
    ("steps", "look", "late"),
    [
        ((), FIRST_MIN, False),
        ((), FIRST_MIN + 1, True),
        (((FIRST_MIN, said("atendente")),), 1000, False),
        (((FIRST_MIN + 1, said("atendente")),), 1000, True),
        (((FIRST_MIN, RESOLVE),), 1000, False),
        (((FIRST_MIN + 1, RESOLVE),), 1000, True),
        (((1, said("robo")), (2, said("cliente"))), FIRST_MIN + 1, True),
        (((1, RESOLVE), (500, REOPEN)), 500 + FIRST_MIN, False),
        (((1, RESOLVE), (500, REOPEN)), 501 + FIRST_MIN, True),
    ],
)
def test_a_reopening_begins_a_response_clock_of_its_own(
    steps: tuple[Step, ...], look: int, late: bool
) -> None:
    """Whatever the first response was, which stays as it is. Minutes count from the reopening."""
    at = 2000
    ticket = lived(
        (5, said("atendente")),
        (10, RESOLVE),
        (at, REOPEN),
        *((at + minute, asked) for minute, asked in steps),
    )
    view = ticket_view(ticket)
    clock = ticket_clock(view, OPENED_AT_US + (at + look) * MINUTE_US)
    assert clock.reopening_response_overdue == late
    assert view.reopened_at_us is not None
    assert clock.reopening_response_due_us == view.reopened_at_us + FIRST_MIN * MINUTE_US
    assert not clock.first_response_overdue
    assert view.first_response_at_us == OPENED_AT_US + 5 * MINUTE_US


def test_a_ticket_that_was_never_reopened_owes_no_answer_to_that() -> None:
    clock = ticket_clock(ticket_view(lived()), OPENED_AT_US + 10**12)
    assert (clock.reopening_response_due_us, clock.reopening_response_overdue) == (None, False)
