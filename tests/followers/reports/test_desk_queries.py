"""What the desk asks: the queue by deadline, and cards by the end of their number."""

from __future__ import annotations

from typing import Any

import orjson

from authorizer.domain.accounts.cards import CardTerms
from authorizer.domain.accounts.events import CardOpened, CardReplaced
from authorizer.domain.tickets.at_rest import view_of
from authorizer.domain.tickets.state import Escalation
from tests.followers.reports.house import House
from tests.support.purchase_events import OPERATIONS, approved, declined
from tests.support.ticket_events import (
    at,
    escalated,
    on_hold,
    opened,
    reopened,
    resolved,
    said,
    taken,
)

CARD_TERMS = CardTerms("one", "1", "Visa", "ativo", None, None, 20_00, 0, None, None)


def queue(house: House, now: float = 0, **params: Any) -> Any:
    asked = {"now_us": at(now), "soon_us": at(now + 60), "limit": 10, **params}
    return house.ask("ticket_queue", **asked)


def order(found: Any) -> list[tuple[str, int | None]]:
    return [(row["ticket"]["ticket_id"], row["due_us"]) for row in found["rows"]]


def test_a_customer_who_wrote_again_is_answered_first(house: House) -> None:
    house.project(
        opened("asks", 0),
        said("asks", 1),
        said("asks", 10, "cliente", due=40),
        opened("answered", 0),
        said("answered", 1),
        said("answered", 10, "cliente", due=20),
        said("answered", 15),
    )
    found = queue(house)
    assert order(found) == [("asks", at(40)), ("answered", at(600))]
    assert found["rows"][0]["owed"] == "proxima_resposta"
    assert (found["overdue"], found["soon"]) == (0, 1)
    assert queue(house, 41)["overdue"] == 1
    late = house.ask("ticket_list", overdue="next_response", now_us=at(41), limit=10)
    assert [row["ticket_id"] for row in late["rows"]] == ["asks"]


def test_what_was_escalated_is_told_to_another_process(house: House) -> None:
    """As JSON, of which the view is made again."""
    house.project(opened("late", 0), escalated("late", 601))
    found = queue(house, 700)
    listed = house.ask("ticket_list", limit=10)
    for told in (found["rows"][0]["ticket"], listed["rows"][0]):
        view = view_of(orjson.loads(orjson.dumps(told)))
        assert view.escalations == (Escalation(at(601), "resolucao", "vencido", at(601)),)


def test_the_law_is_kept_by_a_resolution_only(house: House) -> None:
    """While the clock of the resolution stands still too, and after a reopening no more."""
    seven_days = 7 * 24 * 60
    house.project(
        opened("waits", 0),
        taken("waits", 1),
        said("waits", 1),
        on_hold("waits", 2),
        opened("back", 0),
        said("back", 1),
        resolved("back", 5),
        reopened("back", 20),
        said("back", 21),
    )
    found = queue(house)
    assert order(found) == [("back", at(20 + 595)), ("waits", at(seven_days))]
    asked = {"overdue": "legal", "limit": 10}
    at_its_end = house.ask("ticket_list", now_us=at(seven_days), **asked)
    assert at_its_end["rows"] == []
    late = house.ask("ticket_list", now_us=at(seven_days) + 1, **asked)
    assert [row["ticket_id"] for row in late["rows"]] == ["waits"]


def test_the_next_deadline_comes_first_and_a_clock_that_stands_still_last(house: House) -> None:
    house.project(
        opened("waits", 0),
        taken("waits", 1),
        said("waits", 1),
        on_hold("waits", 2),
        opened("answered", 1),
        said("answered", 2),
        opened("new", 3),
        opened("back", 4, targets=(30, 600)),
        resolved("back", 5),
        reopened("back", 20),
        opened("over", 6),
        resolved("over", 7),
    )
    found = queue(house)
    assert order(found) == [
        ("back", at(50)),
        ("new", at(63)),
        ("answered", at(601)),
        ("waits", at(7 * 24 * 60)),
    ]
    owed = [row["owed"] for row in found["rows"]]
    assert owed == ["resposta_reabertura", "primeira_resposta", "resolucao", "prazo_legal"]
    assert found["rows"][0]["ticket"]["status"] == "reaberto"
    assert (found["total"], found["overdue"], found["soon"]) == (4, 0, 1)
    found = queue(house, 55)
    assert (found["total"], found["overdue"], found["soon"]) == (4, 1, 1)


def test_of_two_deadlines_of_one_time_the_desk_s_own_is_told(house: House) -> None:
    """And a ticket is due at its very end, not overdue."""
    week = 7 * 24 * 60
    house.project(opened("both", 0, targets=(week, week)), said("both", 1))
    found = queue(house, week)
    assert order(found) == [("both", at(week))]
    assert found["rows"][0]["owed"] == "resolucao"
    assert (found["overdue"], found["soon"]) == (0, 1)
    assert queue(house, week - 60)["soon"] == 0
    assert queue(house, week + 1)["overdue"] == 1


def test_who_waits_for_the_customer_and_owes_nothing_is_behind_all(house: House) -> None:
    """And a reopening that nobody answered is owed no more once the ticket is resolved again."""
    house.project(
        opened("waits", 0),
        said("waits", 1),
        resolved("waits", 2),
        reopened("waits", 3),
        said("waits", 4),
        taken("waits", 5),
        on_hold("waits", 6),
        opened("new", 7),
        opened("over", 8),
        resolved("over", 9),
        reopened("over", 10),
        resolved("over", 11),
    )
    found = queue(house)
    assert order(found) == [("new", at(67)), ("waits", None)]
    assert found["rows"][1]["owed"] is None
    assert (found["total"], found["overdue"]) == (2, 0)


def test_a_queue_is_somebody_s_or_nobody_s_and_bounded(house: House) -> None:
    house.project(
        opened("a", 0),
        taken("a", 1, "Ana"),
        opened("b", 0),
        taken("b", 1, "Rui"),
        opened("c", 2),
        opened("d", 3),
    )
    assert [name for name, _ in order(queue(house, attendant="Ana"))] == ["a"]
    assert [name for name, _ in order(queue(house, unattended=True))] == ["c", "d"]
    cut = queue(house, limit=1)
    assert (len(cut["rows"]), cut["total"]) == (1, 4)
    assert queue(house, attendant="Eva") == {"rows": [], "total": 0, "overdue": 0, "soon": 0}


def test_the_newest_change_of_a_ticket_is_told(house: House) -> None:
    assert house.ask("newest_ticket_change") == 0
    house.project(opened("a", 0), taken("a", 1))
    assert house.ask("newest_ticket_change") == house.durable


def test_what_moved_since_is_added_up_by_wallet(house: House) -> None:
    house.project(
        approved(100, wallet="CASH"),
        approved(30, wallet="MEAL"),
        declined(7),
        OPERATIONS["hold"](at(1), 40),
        approved(1, wallet="CASH")._replace(account_id="other"),
    )

    def moved(position: int) -> dict[str, tuple[int, int]]:
        found = house.ask("moved_since", account_id="a", position=position)
        return {row["wallet"]: (row["available_cents"], row["held_cents"]) for row in found}

    assert moved(0) == {"CASH": (-100, 0), "MEAL": (-70, 40)}
    assert moved(1) == {"MEAL": (-70, 40)}
    assert moved(2) == {"MEAL": (-40, 40)}
    assert moved(4) == {}


def test_cards_are_found_by_their_last_four_digits(house: House) -> None:
    def card(card_id: str, number: str) -> CardOpened:
        terms = CARD_TERMS._replace(card_id=card_id, masked_number=number)
        return CardOpened(at(0), "t", "a", "c", terms)

    house.project(
        card("one", "**** **** **** 4321"),
        card("two", "1234 56** **** 4321"),
        card("three", "**** 4321 ****"),
        card("four", "no number"),
    )
    terms = CARD_TERMS._replace(card_id="new", masked_number="**** 9999", replaces="one")
    house.project(CardReplaced(at(1), "t", "a", "c", "one", None, "API", terms))
    found = house.ask("cards_ending", last_four="4321", limit=10)
    assert [row["card_id"] for row in found["rows"]] == ["one", "two"]
    assert found["rows"][0]["customer_id"] == "c"
    assert not found["more"]
    assert house.ask("cards_ending", last_four="4321", limit=1)["more"]
    (new,) = house.ask("cards_ending", last_four="9999", limit=1)["rows"]
    assert new["card_id"] == "new"
