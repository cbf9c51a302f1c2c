"""The tables hold what the journal tells, however it was cut into batches and starts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from authorizer.domain.accounts.cards import Operation
from authorizer.domain.accounts.changes import wallet_change
from authorizer.domain.accounts.events import (
    AccountCredited,
    CardBlocked,
    CardOpened,
    CardReplaced,
    CardUnblocked,
    LimitChanged,
    LimitQueried,
    PurchaseApproved,
    PurchaseDeclined,
)
from authorizer.domain.accounts.purchase_events import (
    AccountStatusChanged,
    HoldApproved,
    HoldDeclined,
    HoldExpired,
    HoldIncremented,
    IncrementDeclined,
    PurchaseCaptured,
    PurchaseRefunded,
    PurchaseReversed,
    PurchaseReversedBefore,
    WalletAdjusted,
)
from authorizer.domain.aggregates import AGGREGATE_OF_EVENT
from authorizer.domain.customers.events import OperationsImported
from authorizer.domain.moments import DAY_US, WrittenTime
from authorizer.domain.money import MAX_BALANCE_CENTS
from authorizer.domain.outcomes import Reason
from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets import events as ticket_events
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.clock import ticket_clock
from authorizer.domain.tickets.state import Ticket, ticket_view
from authorizer.followers.reports.tables.schema import (
    CENTS_BASE,
    MAX_KEY_LENGTH,
    account_transactions,
    progress,
    transactions,
)
from tests.followers.reports.house import House, rows_of
from tests.support.any_event import EVENTS
from tests.support.tables import Tables

Journal = list[tuple[int, Any]]

PROTOCOLS: Final = ("1", "2", "3")
CARDS: Final = ("k1", "k2", "k3")
INSTANTS: Final = st.integers(0, 2**51)
TICKET_KINDS: Final = tuple(kind.event for kind in TICKETS.events if not kind.opens)
OTHERS: Final = [
    EVENTS[kind] for kind, aggregate in AGGREGATE_OF_EVENT.items() if aggregate is not TICKETS
]


def near(event: Any) -> Any:
    """The event with an id that other events of the stream have too."""
    if hasattr(event, "card_id") and not hasattr(event, "amount_cents") and event.card_id:
        return event._replace(card_id=CARDS[len(event.card_id) % len(CARDS)])
    if isinstance(event, CardOpened):
        card_id = CARDS[len(event.terms.card_id) % len(CARDS)]
        return event._replace(terms=event.terms._replace(card_id=card_id))
    return event


@st.composite
def ticket_lives(draw: st.DrawFn) -> list[Any]:
    """What may happen to a few tickets, each opened before anything else happens to it."""
    happened: list[Any] = []
    for ticket_id in PROTOCOLS[: draw(st.integers(0, len(PROTOCOLS)))]:
        kinds = [ticket_events.TicketOpened, *draw(st.lists(st.sampled_from(TICKET_KINDS)))]
        for kind in kinds:
            event: Any = draw(EVENTS[kind])
            changed: dict[str, Any] = {
                "ticket_id": ticket_id,
                "customer_id": "c",
                "at_us": draw(INSTANTS),
            }
            if kind in (ticket_events.TicketOpened, ticket_events.TicketPriorityChanged):
                changed |= {"first_response_target_us": 60, "resolution_target_us": 3600}
            if kind is ticket_events.InteractionRecorded:
                changed |= {"author": draw(st.sampled_from(["cliente", "atendente", "robo"]))}
            if kind is ticket_events.TicketEscalated:
                level = draw(st.sampled_from(["aviso", "vencido"]))
                changed |= {"deadline": "resolucao", "level": level}
            happened.append(event._replace(**changed))
    return happened


@st.composite
def streams(draw: st.DrawFn) -> list[list[Any]]:
    """Batches of events, as a journal might hold them."""
    tickets = draw(ticket_lives())
    happened = [near(event) for event in draw(st.lists(st.one_of(OTHERS), max_size=15))]
    places = sorted(draw(st.lists(st.integers(0, len(happened)), max_size=len(tickets))))
    for number, at in enumerate(places):
        happened.insert(at + number, tickets.pop(0))
    happened += tickets
    batches = []
    while happened:
        size = draw(st.integers(1, 6))
        batches.append(happened[:size])
        del happened[:size]
    return batches


def expected(journal: Journal) -> Tables:
    """The tables, made in the plainest way: the whole history at once, a table at a time."""
    return {
        "transactions": rows_of("transactions", map_events(purchase_row, journal)),
        "movements": rows_of("movements", map_events(line, journal)),
        "purchases": rows_of("purchases", purchases(journal)),
        "cards": rows_of("cards", cards(journal)),
        "operations": rows_of("operations", operations(journal)),
        "contacts": rows_of("contacts", [*card_contacts(journal), *ticket_contacts(journal)]),
        "tickets": rows_of("tickets", tickets(journal)),
        "ticket_changes": rows_of("ticket_changes", changes(journal)),
        "account_changes": rows_of("account_changes", map_events(account_change, journal)),
        "transaction_days": rows_of("transaction_days", days(journal)),
        "movement_days": rows_of("movement_days", operation_days(journal)),
        "local_days": rows_of("local_days", whole_days(journal)),
    }


def map_events(row: Any, journal: Journal) -> list[dict[str, Any]]:
    made = (row(position, event) for position, event in journal)
    return [found for found in made if found is not None]


def account_change(position: int, event: Any) -> dict[str, Any] | None:
    if not isinstance(event, AccountStatusChanged):
        return None
    told = (event.account_id, event.by, event.status, event.reason)
    account_id, by, status, reason = (text.replace("\0", "\u2400") for text in told)
    row = {"account_id": account_id, "by": by, "status": status, "reason": reason}
    return {"position": position, "at_us": event.at_us, **row}


def purchase_row(position: int, event: Any) -> dict[str, Any] | None:
    if isinstance(event, PurchaseApproved):
        extra = {"code": "00", "reason": "approved", "source": event.wallet}
        if event.wallet is None:
            extra["source"] = "credit_limit"
    elif isinstance(event, PurchaseDeclined):
        reason = Reason.of(event.reason)
        extra = {
            "code": reason.answer_code,
            "reason": reason.name_on_wire,
            "source": None,
            "wallet": None,
        }
    else:
        return None
    return {**event._asdict(), **extra, **deciders(event), "position": position}


def line(position: int, event: Any) -> dict[str, Any] | None:
    """A line of a statement that is no purchase of one message."""
    found = LINES.get(type(event))
    if found is None:
        return None
    change = wallet_change(event)
    reason = Reason.of(event.reason) if type(event) in DECLINES else Reason.APPROVED
    if isinstance(event, HoldApproved) and event.amount_cents < event.requested_cents:
        reason = Reason.PARTIALLY_APPROVED
    row = {
        **dict.fromkeys(("source", "mcc", "merchant", "card_id", "product", "override_mcc")),
        "reference": None,
        **event._asdict(),
        "type": found,
        "position": position,
        "wallet": change and change.wallet,
        "amount_cents": amount(event),
        "available_cents": change.available_cents if change else 0,
        "held_cents": change.held_cents if change else 0,
        "code": reason.answer_code,
        "reason": reason.name_on_wire,
        "movement_id": name_of(event),
        "operation_id": None,
        **deciders(event),
    }
    if hasattr(event, "purchase_id"):
        own = event.purchase_id if found == "authorization" else None
        row["operation_id"] = getattr(event, "operation_id", own)
    if isinstance(event, PurchaseCaptured):
        row |= dict.fromkeys(("override_mcc",))
    return row


def deciders(event: Any) -> dict[str, str | None]:
    """What declined a purchase, and what would have."""
    by = getattr(event, "decided_by", None)
    shadow = [{"name": name, "level": level} for name, level in getattr(event, "shadow", ())]
    told = None if by is None else names_as_json(by._asdict())
    return {"decided_by": told, "shadow": names_as_json(shadow) if shadow else None}


def names_as_json(value: Any) -> str:
    """JSON of names that are kept without NULs, not of such that stand in it as escapes."""
    return as_json(value).replace("\\u0000", "\u2400")


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def name_of(event: Any) -> str:
    for name in ("purchase_id", "credit_id", "adjustment_id"):
        if hasattr(event, name):
            found: str = getattr(event, name)
            return found
    raise AssertionError(event)


def amount(event: Any) -> int:
    if isinstance(event, PurchaseCaptured):
        return event.from_hold_cents + event.beyond_cents
    if isinstance(event, HoldDeclined):
        return event.requested_cents
    cents: int = getattr(event, "amount_cents", 0)
    return cents


def purchases(journal: Journal) -> list[dict[str, Any]]:
    """How purchases of several messages stand; nothing else happens to those of one here.

    But one whose reversal came before it is of two.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for position, event in journal:
        is_late = isinstance(event, PurchaseDeclined) and event.reason == "reversed_before"
        purchase_id = event.transaction_id if is_late else getattr(event, "purchase_id", None)
        if purchase_id is None:
            continue
        key = (storable(event.account_id), storable(purchase_id))
        begins = isinstance(event, HoldApproved | HoldDeclined | PurchaseReversedBefore) or is_late
        if begins or (isinstance(event, PurchaseCaptured) and event.makes):
            fields = {**event._asdict(), "purchase_id": purchase_id}
            row = {
                **dict.fromkeys(("source", "merchant", "card_id")),
                **fields,
                "position": position,
                "mcc": fields.get("override_mcc") or fields.get("mcc"),
                "counted_cents": 0,
                "status": FIRST_STATUS[type(event)],
            }
            earlier = found.get(key, {})
            stays = ("position", "at_us") if earlier else ()
            if earlier.get("mcc") is not None:
                stays = (*stays, "mcc", "merchant", "card_id")
            found[key] = row | {name: earlier[name] for name in stays}
        if key in found:
            found[key]["counted_cents"] += counted(event)
            found[key]["status"] = getattr(event, "status", found[key]["status"])
    return list(found.values())


def counted(event: Any) -> int:
    """What an event changes of a purchase's present amount."""
    if isinstance(event, HoldApproved | HoldIncremented):
        return event.amount_cents
    if isinstance(event, PurchaseCaptured):
        return event.beyond_cents - event.released_cents
    if isinstance(event, PurchaseReversed | HoldExpired):
        return -event.amount_cents
    return 0


LINES: Final[dict[type, str]] = {
    AccountCredited: "credit",
    WalletAdjusted: "adjustment",
    HoldApproved: "authorization",
    HoldDeclined: "authorization",
    HoldIncremented: "increment",
    IncrementDeclined: "increment",
    PurchaseCaptured: "capture",
    PurchaseReversed: "reversal",
    PurchaseReversedBefore: "reversal",
    PurchaseRefunded: "refund",
    HoldExpired: "expiry",
}
DECLINES: Final = (HoldDeclined, IncrementDeclined)
FIRST_STATUS: Final[dict[type, str]] = {
    HoldApproved: "pending",
    HoldDeclined: "declined",
    PurchaseDeclined: "declined",
    PurchaseReversedBefore: "reversed",
    PurchaseCaptured: "closed",
}


def cards(journal: Journal) -> list[dict[str, Any]]:
    found = {}
    for _, event in journal:
        if isinstance(event, CardOpened | CardReplaced):
            end = event.terms.masked_number[-4:]
            found[event.terms.card_id] = {
                "card_id": event.terms.card_id,
                "customer_id": event.customer_id,
                "last_four": end if len(end) == 4 and set(end) <= set("0123456789") else None,
            }
    return list(found.values())


def operations(journal: Journal) -> list[dict[str, Any]]:
    owner: dict[str, str] = {}
    rows = []
    for position, event in journal:
        if isinstance(event, CardOpened | CardReplaced):
            owner[event.terms.card_id] = event.customer_id
        for part, line in enumerate(lines(event)):
            customer_id = getattr(event, "customer_id", None)
            row = {**line._asdict(), "at_us": line.at.at_us, "at_text": line.at.text}
            row["customer_id"] = owner.get(line.card_id, "") if customer_id is None else customer_id
            rows.append({**row, "position": position, "part": part})
    return rows


def lines(event: Any) -> list[Operation]:
    if isinstance(event, OperationsImported):
        return list(event.operations)
    extra: dict[type, tuple[str, dict[str, str]]] = {
        CardBlocked: ("bloqueio", {"block_reason": "block_reason"}),
        CardUnblocked: ("desbloqueio", {"justification": "justification"}),
        LimitQueried: ("consulta_limite", {"available_cents": "available_cents"}),
        CardReplaced: ("substituicao", {"block_reason": "block_reason"}),
        LimitChanged: (
            "alteracao_limite",
            {"limit_total_cents": "limit_total_cents", "previous_limit_cents": "previous_cents"},
        ),
    }
    if type(event) not in extra:
        return []
    kind, names = extra[type(event)]
    fields = {name: getattr(event, source) for name, source in names.items()}
    if isinstance(event, CardReplaced):
        fields["replaced_by"] = event.terms.card_id
    return [Operation(kind, event.card_id, WrittenTime(event.at_us), event.channel, **fields)]


NOTHING: Final = dict.fromkeys(("protocol", "author", "name", "public", "priority", "text"))


def card_contacts(journal: Journal) -> list[dict[str, Any]]:
    return [{**NOTHING, **row} for row in operations(journal)]


def ticket_contacts(journal: Journal) -> list[dict[str, Any]]:
    kinds = {
        ticket_events.TicketOpened: "abertura",
        ticket_events.InteractionRecorded: "interacao",
        ticket_events.TicketResolved: "resolucao",
        ticket_events.TicketReopened: "reabertura",
        ticket_events.TicketTaken: "atendimento",
        ticket_events.TicketPaused: "espera",
        ticket_events.TicketResumed: "retomada",
        ticket_events.TicketPriorityChanged: "prioridade",
        ticket_events.TicketClosed: "fechamento",
    }
    card_of = {
        event.ticket_id: event.card_id
        for _, event in journal
        if isinstance(event, ticket_events.TicketOpened)
    }
    rows = []
    for position, event in journal:
        if type(event) in kinds:
            row = {**NOTHING, **event._asdict(), "kind": kinds[type(event)], "part": 0}
            row |= {"position": position, "at_text": None, "card_id": card_of[event.ticket_id]}
            row["protocol"] = row.pop("ticket_id")
            if isinstance(event, ticket_events.TicketResolved | ticket_events.TicketTaken):
                row["name"] = event.attendant
            if not isinstance(event, ticket_events.TicketPriorityChanged):
                row["priority"] = None
            rows.append(row)
    return rows


def histories(journal: Journal) -> Iterator[list[tuple[int, Any]]]:
    for ticket_id in PROTOCOLS:
        history = [
            (position, event)
            for position, event in journal
            if getattr(event, "ticket_id", None) == ticket_id
        ]
        if history:
            yield history


def escalations_text(view: Any) -> str | None:
    told = [list(each) for each in view.escalations]
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False) if told else None


def next_deadline(deadlines: dict[str, int | None]) -> tuple[int, str | None]:
    """The earliest of those that are set, the first of them where two are equal."""
    earliest: tuple[int, str | None] = (2**62, None)
    for what, due_us in deadlines.items():
        if due_us is not None and due_us < earliest[0]:
            earliest = due_us, what
    return earliest


def tickets(journal: Journal) -> list[dict[str, Any]]:
    rows = []
    for history in histories(journal):
        ticket = Ticket(history[0][1].ticket_id)
        for position, event in history:
            TICKETS.evolve(ticket, event, position)
        resolutions = [e for _, e in history if isinstance(e, ticket_events.TicketResolved)]
        view = ticket_view(ticket)
        clock = ticket_clock(view, 0)
        bots = [said for said in view.interactions if said.author == "robo" and said.public]
        waits = [list(wait) for wait in ticket.reopening_waits]
        owed = bool(waits) and waits[-1][1] is None
        asked = [list(wait) for wait in ticket.response_waits]
        answer_owed = bool(asked) and asked[-1][3] is None
        due_us, what = next_deadline(
            {
                "primeira_resposta": clock.first_response_due_us
                if view.first_response_at_us is None and view.first_resolved_at_us is None
                else None,
                "resposta_reabertura": clock.reopening_response_due_us if owed else None,
                "proxima_resposta": asked[-1][1] if answer_owed else None,
                "resolucao": clock.resolution_due_us,
                "prazo_legal": view.legal_due_us if view.first_resolved_at_us is None else None,
            }
        )
        is_over = view.status in ("resolvido", "fechado")
        rows.append(
            {
                **view._asdict(),
                "queue_due_us": None if is_over else due_us,
                "owed": None if is_over else what,
                "protocol": view.ticket_id,
                "reopening_waits": json.dumps(waits, separators=(",", ":")) if waits else None,
                "reopening_response_due_us": clock.reopening_response_due_us if owed else None,
                "response_waits": json.dumps(asked, separators=(",", ":")) if asked else None,
                "next_response_due_us": asked[-1][1] if answer_owed else None,
                "escalations": escalations_text(view),
                "warned": [each.level for each in view.escalations].count("aviso"),
                "missed": [each.level for each in view.escalations].count("vencido"),
                "position": history[-1][0],
                "opened_position": history[0][0],
                "first_bot_response_at_us": bots[0].at_us if bots else None,
                "resolutions": len(resolutions),
                "first_response_due_us": clock.first_response_due_us,
                "resolution_due_us": clock.resolution_due_us,
            }
        )
    return rows


def changes(journal: Journal) -> list[dict[str, Any]]:
    rows = []
    for history in histories(journal):
        ticket, status = Ticket(history[0][1].ticket_id), None
        for position, event in history:
            TICKETS.evolve(ticket, event, position)
            if ticket.status is not status:
                status = ticket.status
                row = {**event._asdict(), "position": position, "status": status.value}
                rows.append(row | {"protocol": event.ticket_id})
    return rows


def days(journal: Journal) -> list[dict[str, Any]]:
    count: Counter[Any] = Counter()
    cents: Counter[Any] = Counter()
    for row in map_events(purchase_row, journal):
        merchant = " ".join(row["merchant"].replace("\0", "\u2400").split())
        for dimension, key in (
            ("total", ""),
            ("wallet", row["source"] or ""),
            ("mcc", row["mcc"]),
            ("merchant", merchant),
            ("reason", row["reason"]),
        ):
            at = (row["at_us"] // DAY_US, dimension, key.replace("\0", "\u2400"), row["code"])
            count[at] += 1
            cents[at] += row["amount_cents"] if row["amount_cents"] <= MAX_BALANCE_CENTS else 0
    names = ("day", "dimension", "key", "code")
    return [
        {
            **dict(zip(names, at, strict=True)),
            "count": number,
            "cents_high": cents[at] // CENTS_BASE,
            "cents_low": cents[at] % CENTS_BASE,
        }
        for at, number in count.items()
    ]


def operation_days(journal: Journal) -> list[dict[str, Any]]:
    """What was done to purchases, by day, type and code."""
    count: Counter[Any] = Counter()
    cents: Counter[Any] = Counter()
    for row in map_events(line, journal):
        if row["type"] in ("credit", "adjustment"):
            continue
        at = (row["at_us"] // DAY_US, row["type"], row["code"])
        count[at] += 1
        cents[at] += row["amount_cents"] if row["amount_cents"] <= MAX_BALANCE_CENTS else 0
    return [
        {
            **dict(zip(("day", "type", "code"), at, strict=True)),
            "count": number,
            "cents_high": cents[at] // CENTS_BASE,
            "cents_low": cents[at] % CENTS_BASE,
        }
        for at, number in count.items()
    ]


def whole_days(journal: Journal) -> list[dict[str, Any]]:
    found = {row["day"] for row in (*days(journal), *operation_days(journal))}
    return [{"day": day, "start_us": day * DAY_US, "end_us": (day + 1) * DAY_US} for day in found]


def storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\u2400")
    return value


def as_stored(tables: Tables) -> Tables:
    return {
        name: sorted((tuple(map(storable, row)) for row in rows), key=repr)
        for name, rows in tables.items()
    }


def check(house: House, batches: list[list[Any]], starts: list[int], run_records: int) -> None:
    journal: Journal = []
    for number, batch in enumerate(batches):
        house.happen(*batch)
        first = house.durable - len(batch) + 1
        journal += enumerate(batch, first)
        if number in starts:
            house.feed.catch_up(house.durable)
            house.feed = house.new_feed(run_records)
    house.feed.catch_up(house.durable)
    check_list(house)
    made = house.tables()
    assert made.pop("progress")[0][2] == house.durable
    wanted = as_stored(expected(journal))
    assert made.keys() == wanted.keys()
    for name, rows in wanted.items():
        assert made[name] == rows, name


def check_list(house: House) -> None:
    """All purchases up to a position are listed, and no more are left than may be; or none is."""
    with house.engine.connect() as connection:
        reached, upto = connection.execute(
            select(progress.c.position, progress.c.listed_position)
        ).one()
        found = select(transactions.c.account_id, transactions.c.position)
        wanted = connection.execute(found.where(transactions.c.position <= upto)).all()
        listed = connection.execute(select(account_transactions)).all()
    assert sorted(map(tuple, listed)) == sorted(map(tuple, wanted))
    is_listed = house.engine.dialect.name == "sqlite"
    assert 0 <= reached - upto <= house.most_unlisted if is_listed else upto == 0


starts = st.lists(st.integers(0, 10), max_size=4)


def test_tables_are_what_the_history_tells_whatever_the_batches_and_restarts(
    engine: Engine,
) -> None:
    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    @given(streams(), starts, st.integers(1, 10), st.integers(0, 9))
    def so_it_is(
        batches: list[list[Any]], starts: list[int], run_records: int, most_unlisted: int
    ) -> None:
        check(House(engine, most_unlisted=most_unlisted), batches, starts, run_records)

    so_it_is()


def declined(cents: int, merchant: str = "M") -> PurchaseDeclined:
    return PurchaseDeclined(
        5, "t", "a", None, cents, "5811", merchant, None, None, "insufficient_funds"
    )


@pytest.mark.parametrize("cents", [2**63 - 1, 2**63, 10**28 - 1])
def test_amounts_beyond_64_bits_are_kept_and_left_out_of_the_sums(house: House, cents: int) -> None:
    house.project(declined(cents), declined(7))
    asked = [row["amount_cents"] for row in house.ask("statement", account_id="a", limit=9)["rows"]]
    assert asked == ["7", str(cents)]
    total = [row for row in house.tables()["transaction_days"] if row[1] == "total"]
    assert total == [(0, "total", "", "51", 2, 0, 7)]


def test_sums_carry_over(house: House) -> None:
    most = MAX_BALANCE_CENTS
    for _ in range(3):
        house.project(*[declined(most - 1)] * 40)
    total = [row for row in house.tables()["transaction_days"] if row[1] == "total"]
    assert [high * CENTS_BASE + low for *_, high, low in total] == [120 * (most - 1)]


def test_long_names_are_cut_in_the_sums_only(house: House) -> None:
    name = "\N{GRINNING FACE}" * 1000
    house.project(declined(1, name), declined(1, name + "x"))
    rows = house.ask("statement", account_id="a", limit=9)["rows"]
    assert [row["merchant"] for row in rows] == [name + "x", name]
    merchants = [row for row in house.tables()["transaction_days"] if row[1] == "merchant"]
    assert [(row[2], row[4]) for row in merchants] == [(name[:MAX_KEY_LENGTH], 2)]


def test_a_ticket_without_its_opening_is_refused(house: House) -> None:
    house.happen(ticket_events.TicketResolved(1, "t", "9", "c", "ana", "App", Sealed("x")))
    before = house.tables()
    with pytest.raises(KeyError):
        house.feed.catch_up(house.durable)
    assert house.tables() == before
