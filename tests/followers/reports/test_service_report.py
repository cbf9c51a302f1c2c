"""The service metrics: examples computed by hand, and any history computed naively."""

from __future__ import annotations

import statistics
from collections import defaultdict
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from authorizer.domain.moments import DAY_US, day_text
from authorizer.domain.tickets import events
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.tickets import groups as ticket_groups
from authorizer.followers.reports.tickets.cache import TicketCache
from authorizer.followers.reports.tickets.report import ServiceReport
from tests.followers.reports.house import House
from tests.followers.reports.zones import SAO_PAULO, ZONES, Plain
from tests.support.ticket_events import (
    MINUTE_US,
    MONDAY,
    START_US,
    at,
    closed,
    escalated,
    on_hold,
    opened,
    reopened,
    resolved,
    resumed,
    said,
    taken,
)

DAY: Final = 24 * 60
WEEK: Final = Period(START_US, START_US + 7 * DAY_US)
COMMERCIAL: Final = [[[9 * 60, 18 * 60]], [0, 1, 2, 3, 4], "America/Sao_Paulo", None, []]


class Desk:
    """Events happen, and a report is asked for, of one process as it would be."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.report = ServiceReport()

    def ask(
        self, now: float = 7 * DAY, period: Period = WEEK, by: str | None = None, **more: Any
    ) -> Any:
        asked = {"now_us": at(now), "by": by, "hours": None, "time_zone": "UTC"}
        params = {**period._asdict(), **asked, **more}
        with self.house.engine.connect() as connection:
            return self.report(connection, params)


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


def waits(quantity: int, mean: Any, median: Any, p90: Any) -> Any:
    return {"quantidade": quantity, "media": mean, "mediana": median, "p90": p90}


def level(kept: int, broken: int, pending: int, rate: float | None) -> Any:
    return {"cumpridos": kept, "vencidos": broken, "pendentes": pending, "taxa": rate}


THREE_TICKETS: Final = (
    # 1: the bot answers at once, Ana after 10 minutes; resolved after 100, for good.
    opened("1", 0),
    said("1", 1, "robo"),
    said("1", 5, public=False),
    said("1", 10),
    taken("1", 10),
    resolved("1", 100),
    closed("1", 200),
    # 2: answered after 70, on hold from 80 to 580, resolved after 700, reopened, resolved again.
    opened("2", 100, "Telefone", "fatura"),
    said("2", 170),
    on_hold("2", 180),
    resumed("2", 680),
    resolved("2", 800, "Rui"),
    reopened("2", 2 * DAY),
    resolved("2", 2 * DAY + 30, "Rui"),
    # 3: only a bot has said anything.
    opened("3", DAY),
    said("3", DAY + 1, "robo"),
)


def test_three_tickets_by_hand(desk: Desk) -> None:
    desk.house.project(*THREE_TICKETS)
    last_of_2 = 2 * DAY + 30 - 100
    assert desk.ask(now=DAY + 50) == {
        "abertos": 3,
        "em_aberto": 1,
        "resolvidos": 2,
        "taxa_resolucao": 0.666667,
        "primeira_resposta": {**waits(2, 40, 40, 64), "sem_resposta": 1, "so_robo": 1},
        "resposta_reabertura": {**waits(0, None, None, None), "sem_resposta": 1},
        "proxima_resposta": {**waits(0, None, None, None), "sem_resposta": 0},
        "resolucao_primeira": waits(2, 400, 400, 640),
        "resolucao_ultima": waits(
            2, (100 + last_of_2) / 2, (100 + last_of_2) / 2, 100 + 0.9 * (last_of_2 - 100)
        ),
        "resolucoes": 3,
        "reaberturas": 1,
        "taxa_reabertura": 0.333333,
        "escalonamentos": {"avisos": 0, "vencidos": 0},
        "sla": {
            # 1 within 60 minutes, 2 after 70, 3 has 10 minutes left
            "primeira_resposta": level(1, 1, 1, 0.5),
            # 2's clock ran for 700 - 500 + 30 minutes
            "resolucao": level(2, 0, 1, 1.0),
            "proxima_resposta": level(0, 0, 0, None),
            "prazo_legal": level(2, 0, 1, 1.0),
        },
        "backlog": [{"dia": "2025-11-17", "abertos": 0}, {"dia": "2025-11-18", "abertos": 1}],
    }


def test_what_is_late_is_late_as_of_now(desk: Desk) -> None:
    desk.house.project(*THREE_TICKETS)
    just_kept = desk.ask(now=DAY + 600)["sla"]["resolucao"]
    assert just_kept == level(2, 0, 1, 1.0)
    sla = desk.ask(now=DAY + 601)["sla"]
    assert sla["primeira_resposta"] == level(1, 2, 0, 0.333333)
    assert sla["resolucao"] == level(2, 1, 0, 0.666667)


def test_a_report_is_remembered_for_a_minute(desk: Desk) -> None:
    """Lateness is told as of the last full minute, and a change of any ticket at once."""
    desk.house.project(opened("1", 0, targets=(10, 10)))
    first = desk.ask(now=10.99)
    assert first["sla"]["resolucao"] == level(0, 0, 1, None)
    assert desk.ask(now=10.5) is first
    assert desk.ask(now=11)["sla"]["resolucao"] == level(0, 1, 0, 0.0)
    assert desk.ask(now=10.99) is first
    desk.house.project(resolved("1", 5))
    assert desk.ask(now=10.99)["sla"]["resolucao"] == level(1, 0, 0, 1.0)


def test_a_ticket_resolved_without_a_response_owes_none_any_more(desk: Desk) -> None:
    desk.house.project(opened("1", 0), resolved("1", 59), opened("2", 0), resolved("2", 61))
    report = desk.ask()
    assert report["sla"]["primeira_resposta"] == level(1, 1, 0, 0.5)
    assert report["primeira_resposta"]["sem_resposta"] == 2


def test_a_reopened_ticket_has_been_resolved_and_is_open(desk: Desk) -> None:
    desk.house.project(opened("1", 0), resolved("1", 10), reopened("1", 20))
    report = desk.ask(now=30)
    assert (report["resolvidos"], report["em_aberto"]) == (1, 1)
    assert report["sla"]["resolucao"] == level(0, 0, 1, None)


def test_every_reopening_has_a_response_of_its_own(desk: Desk) -> None:
    """Apart from the first response; what is never answered is counted, not measured."""
    desk.house.project(
        opened("1", 0),
        said("1", 10),
        resolved("1", 20),
        reopened("1", 100),
        said("1", 101, "cliente"),
        said("1", 102, "robo"),
        said("1", 103, public=False),
        said("1", 130),
        said("1", 140),
        resolved("1", 150),
        reopened("1", 200),
        resolved("1", 210),
        reopened("1", 300),
        said("1", 310),
    )
    report = desk.ask()
    assert report["primeira_resposta"]["media"] == 10
    assert report["resposta_reabertura"] == {**waits(2, 20, 20, 28), "sem_resposta": 1}
    assert report["reaberturas"] == 3


def test_no_tickets(desk: Desk) -> None:
    nothing = waits(0, None, None, None)
    report = desk.ask()
    assert report.pop("backlog") == [
        {"dia": day_text(MONDAY + number), "abertos": 0} for number in range(7)
    ]
    assert report == {
        "abertos": 0,
        "em_aberto": 0,
        "resolvidos": 0,
        "taxa_resolucao": None,
        "primeira_resposta": {**nothing, "sem_resposta": 0, "so_robo": 0},
        "resposta_reabertura": {**nothing, "sem_resposta": 0},
        "proxima_resposta": {**nothing, "sem_resposta": 0},
        "resolucao_primeira": nothing,
        "resolucao_ultima": nothing,
        "resolucoes": 0,
        "reaberturas": 0,
        "taxa_reabertura": None,
        "escalonamentos": {"avisos": 0, "vencidos": 0},
        "sla": {
            "primeira_resposta": level(0, 0, 0, None),
            "resolucao": level(0, 0, 0, None),
            "proxima_resposta": level(0, 0, 0, None),
            "prazo_legal": level(0, 0, 0, None),
        },
    }


@pytest.mark.parametrize("hours", [None, COMMERCIAL])
@pytest.mark.parametrize("by", ["dia", "canal", "categoria", "atendente"])
def test_no_tickets_in_groups(desk: Desk, by: str, hours: Any) -> None:
    groups = desk.ask(by=by, hours=hours)["grupos"]
    assert len(groups) == (7 if by == "dia" else 0)


def test_business_hours(desk: Desk) -> None:
    """Opened on Monday at 20:30 UTC, half an hour before the desk in Sao Paulo closes."""
    evening, morning = 20 * 60 + 30, DAY + 12 * 60
    desk.house.project(opened("1", evening), said("1", morning + 15), resolved("1", morning + 45))
    calendar, business = desk.ask(), desk.ask(hours=COMMERCIAL)
    assert calendar["primeira_resposta"]["media"] == 15.5 * 60 + 15
    assert business["primeira_resposta"]["media"] == 30 + 15
    assert business["resolucao_ultima"]["media"] == 30 + 45
    assert business["sla"] == calendar["sla"]


def test_groups_by_name_come_largest_first(desk: Desk) -> None:
    desk.house.project(*THREE_TICKETS)
    by_channel = desk.ask(by="canal")["grupos"]
    assert [(group["grupo"], group["abertos"]) for group in by_channel] == [
        ("App", 2),
        ("Telefone", 1),
    ]
    assert by_channel[0]["primeira_resposta"]["media"] == 10
    assert by_channel[1]["resolucao_primeira"]["mediana"] == 700
    by_attendant = desk.ask(by="atendente")["grupos"]
    assert [(group["grupo"], group["resolvidos"]) for group in by_attendant] == [
        (None, 0),
        ("Ana", 1),
        ("Rui", 1),
    ]


def test_groups_by_day_are_all_days_with_their_backlog(desk: Desk) -> None:
    desk.house.project(*THREE_TICKETS)
    groups = desk.ask(by="dia", now=2 * DAY + 5)["grupos"]
    assert [(group["grupo"], group["abertos"], group["backlog"]) for group in groups] == [
        ("2025-11-17", 2, 0),
        ("2025-11-18", 1, 1),
        ("2025-11-19", 0, 1),
        ("2025-11-20", 0, None),
        ("2025-11-21", 0, None),
        ("2025-11-22", 0, None),
        ("2025-11-23", 0, None),
    ]


def test_groups_past_the_largest_are_told_together(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticket_groups, "MAX_GROUPS", 2)
    for number, category in enumerate("aaabbcde"):
        desk.house.project(opened(str(number), number, category=category))
    desk.house.project(resolved("7", 27))
    report = desk.ask(by="categoria")
    assert [group["grupo"] for group in report["grupos"]] == ["a", "b"]
    assert (report["outros"]["grupos"], report["outros"]["abertos"]) == (3, 3)
    assert report["outros"]["resolucao_primeira"]["media"] == 20


def test_the_period_ends_before_its_end(desk: Desk) -> None:
    desk.house.project(opened("1", 10), opened("2", 20), opened("3", 30))
    assert desk.ask(period=Period(at(10), at(30)))["abertos"] == 2


def test_tickets_from_before_the_period_are_in_the_backlog_only(desk: Desk) -> None:
    desk.house.project(opened("1", -3 * DAY), opened("2", 20))
    report = desk.ask(now=0)
    assert (report["abertos"], report["backlog"]) == (1, [{"dia": "2025-11-17", "abertos": 2}])


def test_changes_show_whatever_was_asked_before(desk: Desk) -> None:
    """What is kept in memory is brought up to date: new tickets, old ones, earlier periods."""
    earlier = Period(START_US - 7 * DAY_US, START_US)
    desk.house.project(opened("1", 0), opened("2", -DAY))
    assert desk.ask(by="atendente")["grupos"][0]["grupo"] is None
    desk.house.project(taken("1", 5), resolved("2", 5), opened("3", 5))
    assert [group["grupo"] for group in desk.ask(by="atendente")["grupos"]] == [None, "Ana"]
    assert desk.ask(period=earlier)["resolvidos"] == 1
    desk.house.project(reopened("2", 10), said("3", 10))
    assert desk.ask(period=earlier)["em_aberto"] == 1
    assert desk.ask()["primeira_resposta"]["media"] == 5


def test_tables_that_were_made_anew_are_read_anew(desk: Desk) -> None:
    desk.house.project(opened("1", 0), opened("2", 0), opened("3", 0))
    assert desk.ask()["abertos"] == 3
    other = House(desk.house.engine)
    other.project(opened("9", 1))
    assert desk.ask()["abertos"] == 1


def test_more_tickets_than_are_kept(house: House) -> None:
    cache = TicketCache(max_kept=2)
    for number in range(5):
        house.project(opened(str(number), number * DAY))
    with house.engine.connect() as connection:
        for _ in range(2):
            few = Period(at(3 * DAY), at(5 * DAY))
            assert len(cache.up_to_date(connection, few).opened_in(few)) == 2
            many = Period(at(0), at(4 * DAY))
            assert len(cache.up_to_date(connection, many).opened_in(many)) == 4
    house.project(opened("5", 5 * DAY), opened("6", 5 * DAY))
    with house.engine.connect() as connection:
        last = Period(at(5 * DAY), at(6 * DAY))
        assert len(cache.up_to_date(connection, last).opened_in(last)) == 2


def test_days_are_those_of_the_zone(desk: Desk) -> None:
    """Monday's last three hours in Sao Paulo are Tuesday's first in Greenwich."""
    desk.house.project(opened("1", DAY + 60), resolved("1", DAY + 4 * 60))
    days = LocalDays(SAO_PAULO)
    monday = days.whole(MONDAY)
    report = desk.ask(by="dia", period=monday, time_zone=SAO_PAULO)
    assert report["abertos"] == 1
    (group,) = report["grupos"]
    assert (group["grupo"], group["abertos"], group["backlog"]) == ("2025-11-17", 1, 1)


def test_a_day_that_begins_at_no_quarter_of_an_hour(desk: Desk) -> None:
    """Liberia was 44 minutes and a half behind Greenwich until 1972."""
    days = LocalDays("Africa/Monrovia")
    ends = days.start_us(365)
    desk.house.project(opened("1", 0)._replace(at_us=ends - 1), opened("2", 0)._replace(at_us=ends))
    report = desk.ask(period=days.whole(364), time_zone="Africa/Monrovia")
    assert report["backlog"] == [{"dia": day_text(364), "abertos": 1}]


# --- any history ---------------------------------------------------------------------------------

MOVES: Final = {
    "aberto": ("say", "ask", "tell", "bot", "take", "hold", "resolve"),
    "em_atendimento": ("say", "ask", "bot", "take", "hold", "resolve"),
    "aguardando_cliente": ("say", "resume", "resolve"),
    "resolvido": ("say", "reopen", "close"),
    "reaberto": ("say", "ask", "bot", "take", "hold", "resolve"),
    "fechado": (),
}
AFTER: Final = {
    "take": "em_atendimento",
    "hold": "aguardando_cliente",
    "resume": "em_atendimento",
    "resolve": "resolvido",
    "reopen": "reaberto",
    "close": "fechado",
}
Life = list[Any]


@st.composite
def lives(draw: st.DrawFn, ticket_id: str) -> Life:
    """Everything that happened to one ticket."""
    minute = draw(st.integers(-2 * DAY, 9 * DAY))
    channel, category = draw(st.sampled_from("XY")), draw(st.sampled_from("PQR"))
    life: Life = [opened(ticket_id, minute, channel, category)]
    status, owed = "aberto", False
    for _ in range(draw(st.integers(0, 6))):
        if not MOVES[status]:
            break
        move = draw(st.sampled_from(MOVES[status]))
        minute += draw(st.integers(0, DAY))
        name = draw(st.sampled_from(("Ana", "Rui")))
        public = draw(st.booleans())
        due = None if owed else minute + draw(st.integers(0, 2 * DAY))
        owed = {"ask": True, "say": owed and not public, "resolve": False}.get(move, owed)
        life.append(
            {
                "say": said(ticket_id, minute, public=public),
                "ask": said(ticket_id, minute, "cliente", due=due),
                "bot": said(ticket_id, minute, "robo"),
                "tell": escalated(ticket_id, minute, draw(st.sampled_from(["aviso", "vencido"]))),
                "take": taken(ticket_id, minute, name),
                "hold": on_hold(ticket_id, minute),
                "resume": resumed(ticket_id, minute),
                "resolve": resolved(ticket_id, minute, name),
                "reopen": reopened(ticket_id, minute),
                "close": closed(ticket_id, minute),
            }[move]
        )
        status = AFTER.get(move, status)
    return life


histories = st.integers(0, 6).flatmap(lambda count: st.tuples(*map(lives, map(str, range(count)))))


class Naive:
    """One ticket's figures, read off its events one after the other."""

    def __init__(self, life: Life, now_us: int) -> None:
        first = life[0]
        self.opened = first.at_us
        self.channel, self.category = first.channel, first.category
        said_by = [event for event in life if isinstance(event, events.InteractionRecorded)]
        answers = [e.at_us for e in said_by if e.author == "atendente" and e.public]
        resolutions = [e.at_us for e in life if isinstance(e, events.TicketResolved)]
        self.resolutions = resolutions
        self.reopenings = sum(isinstance(event, events.TicketReopened) for event in life)
        self.waits = self._waits(life)
        self.answered = answers[0] if answers else None
        self.bot_only = not answers and any(event.author == "robo" for event in said_by)
        owners = [e.attendant for e in life if hasattr(e, "attendant")]
        self.attendant = owners[-1] if owners else None
        self.open_since = self._stretches(life, now_us)
        self.is_open = self._open_at(life, 1 << 60)
        ended = min([*answers[:1], *resolutions[:1]], default=None)
        took = (now_us if ended is None else ended) - self.opened
        self.response = "late" if took > first.first_response_target_us else ended is not None
        late = self.open_since > first.resolution_target_us
        self.resolution = "late" if late else not self.is_open
        answered_by_law = resolutions[0] if resolutions else now_us
        lasted = answered_by_law - self.opened
        self.by_law = "late" if lasted > 7 * 24 * 60 * MINUTE_US else bool(resolutions)
        self.escalated = [e.level for e in life if isinstance(e, events.TicketEscalated)]
        self.next_waits: list[float] = []
        self.next_responses = self._next(life, now_us)
        self.life = life

    @staticmethod
    def _waits(life: Life) -> list[float]:
        """From each reopening to the answer, if one came before the next reopening."""
        waits, since = [], None
        for event in life:
            if isinstance(event, events.TicketReopened):
                since = event.at_us
            answers = isinstance(event, events.InteractionRecorded) and event.public
            if answers and event.author == "atendente" and since is not None:
                waits.append((event.at_us - since) / MINUTE_US)
                since = None
        return waits

    def _next(self, life: Life, now_us: int) -> list[Any]:
        """What became of each answer that the customer was owed besides the others."""
        found: list[Any] = []
        owed = None
        for event in life:
            said = isinstance(event, events.InteractionRecorded)
            if said and event.author == "cliente" and event.next_response_due_us is not None:
                owed = event
            answers = said and event.author == "atendente" and event.public
            over = isinstance(event, events.TicketResolved | events.TicketClosed)
            if owed is not None and (answers or over):
                found.append("late" if event.at_us > owed.next_response_due_us else True)
                if answers:
                    self.next_waits.append((event.at_us - owed.at_us) / MINUTE_US)
                owed = None
        if owed is not None:
            found.append("late" if now_us > owed.next_response_due_us else False)
        return found

    @staticmethod
    def _stretches(life: Life, now_us: int) -> int:
        """How long the clock ran."""
        ran, since = 0, None
        for event in life:
            if isinstance(event, events.TicketPaused | events.TicketResolved):
                ran, since = ran + (event.at_us - since if since is not None else 0), None
            elif since is None and isinstance(
                event,
                events.TicketOpened
                | events.TicketResumed
                | events.TicketReopened
                | events.TicketTaken,
            ):
                since = event.at_us
        return ran + (max(0, now_us - since) if since is not None else 0)

    @staticmethod
    def _open_at(life: Life, end_us: int) -> bool:
        is_open = False
        for event in life:
            if event.at_us >= end_us:
                break
            if isinstance(event, events.TicketOpened | events.TicketReopened):
                is_open = True
            elif isinstance(event, events.TicketResolved):
                is_open = False
        return is_open

    def open_at(self, end_us: int) -> bool:
        return self._open_at(self.life, end_us)


def naive(tickets: list[Naive]) -> Any:
    answered = [(t.answered - t.opened) / MINUTE_US for t in tickets if t.answered is not None]
    first = [(t.resolutions[0] - t.opened) / MINUTE_US for t in tickets if t.resolutions]
    last = [(t.resolutions[-1] - t.opened) / MINUTE_US for t in tickets if t.resolutions]
    resolutions = sum(len(t.resolutions) for t in tickets)
    reopenings = sum(t.reopenings for t in tickets)
    return {
        "abertos": len(tickets),
        "em_aberto": sum(t.is_open for t in tickets),
        "resolvidos": len(first),
        "taxa_resolucao": rate(len(first), len(tickets)),
        "primeira_resposta": {
            **summary(answered),
            "sem_resposta": len(tickets) - len(answered),
            "so_robo": sum(t.bot_only for t in tickets),
        },
        "resposta_reabertura": {
            **summary([wait for t in tickets for wait in t.waits]),
            "sem_resposta": reopenings - sum(len(t.waits) for t in tickets),
        },
        "proxima_resposta": {
            **summary([wait for t in tickets for wait in t.next_waits]),
            "sem_resposta": sum(len(t.next_responses) - len(t.next_waits) for t in tickets),
        },
        "resolucao_primeira": summary(first),
        "resolucao_ultima": summary(last),
        "resolucoes": resolutions,
        "reaberturas": reopenings,
        "taxa_reabertura": rate(reopenings, resolutions),
        "escalonamentos": {
            level + "s": sum(t.escalated.count(level) for t in tickets)
            for level in ("aviso", "vencido")
        },
        "sla": {
            "primeira_resposta": levels([t.response for t in tickets]),
            "resolucao": levels([t.resolution for t in tickets]),
            "proxima_resposta": levels([state for t in tickets for state in t.next_responses]),
            "prazo_legal": levels([t.by_law for t in tickets]),
        },
    }


def rate(part: int, whole: int) -> Any:
    return pytest.approx(part / whole, abs=1e-6) if whole else None


def summary(values: list[float]) -> Any:
    if not values:
        return waits(0, None, None, None)
    p90 = statistics.quantiles(values, n=10, method="inclusive")[8] if len(values) > 1 else None
    figures = (
        statistics.mean(values),
        statistics.median(values),
        values[0] if p90 is None else p90,
    )
    return waits(len(values), *(pytest.approx(figure, abs=1e-6) for figure in figures))


def levels(found: list[Any]) -> Any:
    kept, broken = found.count(True), found.count("late")
    return level(kept, broken, found.count(False), rate(kept, kept + broken))


def check(house: House, lives: tuple[Life, ...], now: int, period: Period, zone: str) -> None:
    house.project(*sorted((e for life in lives for e in life), key=lambda event: event.at_us))
    tickets = [Naive(life, at(now)) for life in lives]
    inside = [t for t in tickets if period.start_us <= t.opened < period.end_us]
    desk = Desk(house)
    report = desk.ask(now=now, period=period, time_zone=zone)
    backlog = report.pop("backlog")
    assert report == naive(inside)
    days, plain = LocalDays(zone), Plain(zone)
    touched = days.touched(period)
    assert [day["abertos"] for day in backlog] == [
        sum(t.open_at(days.start_us(day + 1)) for t in tickets)
        for day in touched
        if day <= plain.day_of(at(now))
    ]
    for by, key in (("canal", "channel"), ("categoria", "category"), ("atendente", "attendant")):
        wanted = defaultdict(list)
        for ticket in inside:
            wanted[getattr(ticket, key)].append(ticket)
        found = desk.ask(now=now, by=by, period=period, time_zone=zone)["grupos"]
        groups = {group.pop("grupo"): group for group in found}
        assert groups == {name: naive(found) for name, found in wanted.items()}
    by_day = desk.ask(now=now, by="dia", period=period, time_zone=zone)["grupos"]
    for day, group in zip(touched, by_day, strict=True):
        assert group.pop("grupo") == day_text(day)
        group.pop("backlog")
        assert group == naive([t for t in inside if plain.day_of(t.opened) == day])


@st.composite
def periods(draw: st.DrawFn) -> Period:
    """The week, or from some minute of it to another."""
    if draw(st.booleans()):
        return WEEK
    first, last = sorted(draw(st.tuples(*[st.integers(0, 8 * DAY)] * 2)))
    return Period(at(first), at(last) + 1)


def test_any_history_is_told_as_one_would_count_it(engine: Engine) -> None:
    examples = 25 if engine.dialect.name == "sqlite" else 5

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(histories, st.integers(9 * DAY, 12 * DAY), periods(), st.sampled_from(ZONES))
    def so_it_is(lives: tuple[Life, ...], now: int, period: Period, zone: str) -> None:
        check(House(engine), lives, now, period, zone)

    so_it_is()
