"""The care benchmark: its data is what a server could have written, its questions are asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.moments import DAY_US
from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.events import TicketOpened, TicketResolved
from authorizer.domain.tickets.state import TicketStatus
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy.personal import unpack
from authorizer.persistence.privacy.vault import Vault
from authorizer.persistence.state.recovery import recover
from authorizer.runtime.world import KEYS
from benchmarks import care_people as people
from benchmarks.care import caught_up, write_folder
from benchmarks.care_history import DAYS, Scale, history
from benchmarks.care_pages import Pages
from benchmarks.care_questions import Answers, Questions, ask_until
from tests.support.server import Server

SMALL = Scale(50, 500, 50)
UNTIL_US = 1_760_000_000_000_000


def test_the_whole_is_what_the_benchmark_promises() -> None:
    assert Scale.of(1) == Scale(100_000, 1_000_000, 100_000)
    assert Scale.of(0.001) == Scale(100, 1000, 100)


def test_no_two_customers_have_a_cpf_a_phone_or_an_address_in_common() -> None:
    everybody = [people.person(number) for number in range(100_000)]
    for part in (1, 2, 3):
        assert len({each[part] for each in everybody}) == len(everybody)


def test_the_history_lies_in_three_months_and_goes_forward() -> None:
    events = list(history(SMALL, UNTIL_US, lambda _, text: Sealed(text)))
    times = [event.at_us for event in events]
    assert times == sorted(times)
    assert times[0] == UNTIL_US - DAYS * DAY_US
    assert times[-1] < UNTIL_US
    kinds = [type(event).__name__ for event in events]
    purchases = kinds.count("PurchaseApproved") + kinds.count("PurchaseDeclined")
    assert purchases == SMALL.transactions
    assert kinds.count("TicketOpened") == SMALL.tickets
    assert kinds.count("PersonalDataRecorded") == SMALL.customers


def test_every_history_of_a_size_is_the_same() -> None:
    first, second = (list(history(SMALL, UNTIL_US, lambda _, t: Sealed(t))) for _ in range(2))
    assert first == second


def test_a_ticket_is_resolved_after_it_was_opened() -> None:
    opened_us = {}
    for event in history(SMALL, UNTIL_US, lambda _, text: Sealed(text)):
        if isinstance(event, TicketOpened):
            opened_us[event.ticket_id] = event.at_us
        elif isinstance(event, TicketResolved):
            assert event.at_us > opened_us[event.ticket_id]
    assert len(opened_us) == SMALL.tickets


def test_a_folder_recovers_and_its_people_can_be_read(tmp_path: Path) -> None:
    written = write_folder(tmp_path, SMALL, UNTIL_US)
    disk = LocalDisk(tmp_path)
    recovered = recover(disk)
    assert recovered.replayed_events == written
    state = recovered.state
    assert (len(state[ACCOUNTS]), len(state[CUSTOMERS])) == (SMALL.customers,) * 2
    assert len(state[TICKETS]) == SMALL.tickets
    assert any(
        state[TICKETS].load(ticket_id).status is TicketStatus.RESOLVED
        for ticket_id in state[TICKETS]
    )
    vault = Vault(disk, KEYS)
    for number in range(SMALL.customers):
        customer = state[CUSTOMERS].load(people.customer_id(number))
        plain = vault.open(customer.customer_id, customer.personal)
        assert plain is not None
        assert unpack(plain) == people.person(number)
        account = state[ACCOUNTS].load(customer.account_id)
        assert min(account.wallets_cents.values()) > 0
        assert list(account.cards) == [people.card_id(number)]


def test_every_question_has_an_answer_and_every_page_is_there(tmp_path: Path) -> None:
    server = Server(tmp_path, ("--log-level", "warning"))
    write_folder(server.data, SMALL, UNTIL_US)
    try:
        server.start()
        caught_up(server)
        answers: dict[str, Answers] = {}
        for questions in (Questions(server.port, SMALL), Pages(server, SMALL)):
            over = iter([False, True])
            answers |= ask_until(questions.kinds, over.__next__, 0)
            questions.close()
    finally:
        server.end()
    assert {kind: found.refused for kind, found in answers.items()} == dict.fromkeys(answers, 0)
    assert all(len(found.seconds) == 1 for found in answers.values())


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50.0), (0.95, 95.0), (1, 100.0), (0.001, 1.0)]
)
def test_a_percentile_is_the_nearest_rank(share: float, expected: float) -> None:
    answers = Answers([number / 1000 for number in range(100, 0, -1)])
    assert answers.percentile_ms(share) == pytest.approx(expected)
