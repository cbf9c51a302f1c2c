"""The recovery model with everything left out but tickets, so that their lives get long."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.property.test_recovery_model import ACCOUNT_OF_CUSTOMER, Authorizer, TestAuthorizer
from tests.property.ticket_steps import ticket_steps

OTHER_RULES: Final = (
    "open",
    "credit",
    "buy",
    "put_customer",
    "block",
    "unblock",
    "replace",
    "change_limit",
    "query_limit",
    "register_merchant",
    "remove_merchant",
    "read_account",
    "read_merchants",
)


class TicketDesk(Authorizer):
    """Three customers with their cards, and what happens to their tickets."""

    for _rule in OTHER_RULES:
        vars()[_rule] = None

    def __init__(self) -> None:
        super().__init__()
        put_customer: Any = Authorizer.put_customer
        for customer in ACCOUNT_OF_CUSTOMER:
            put_customer(self, customer=customer, phone=None)
            while self.registration is not None:
                self.machine.step()
                self.machine.commit()
                self.go_on_registering()
        self.check_answers()
        self.work([(0, None), (0, None)])

    @rule(
        steps=st.lists(
            st.tuples(st.integers(0, 3), st.none() | ticket_steps), min_size=5, max_size=15
        )
    )
    def work(self, steps: list[tuple[int, tuple[str, dict[str, Any]] | None]]) -> None:
        """Several things one after the other; what a ticket's opening needs is committed first."""
        for number, step in steps:
            known = sorted(self.bank.tickets)
            if step is None:
                opening: Any = Authorizer.open_ticket
                asked = {"subject": "a", "card": "k2", "resolution": None}
                client_id = f"r{number}" if number else None
                opening(self, customer="c1", client_id=client_id, **asked)
            elif known:
                asking: Any = Authorizer.ask_ticket
                asking(self, number=known[number % len(known)], step=step)


TestTicketDesk = TicketDesk.TestCase
TestTicketDesk.settings = settings(TestAuthorizer.settings, max_examples=25, stateful_step_count=40)
del TestAuthorizer
