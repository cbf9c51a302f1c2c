"""Purchases that a kill -9 interrupts, and what must be true of them after the restart.

Several clients buy without a pause until the server is killed under them, so each is left with
one purchase, or one operation of a purchase's life, whose outcome it does not know. After the
restart it asks again with the same id, and repeats its last answered one too: the first gets an
answer that its account's history explains, the second the answer that it had before.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.client import HTTPException

from loadtest.client import UnexpectedAnswerError, ask, ask_operation
from loadtest.life_account import LifeAccount
from loadtest.life_answers import CREATED, OK
from loadtest.life_messages import REPEATED, Operation
from loadtest.load_run import LoadRun
from loadtest.model import APPROVED, AccountModel
from tests.support.client import Client

ANSWERS_BEFORE_KILL = 400
ANSWERS_DEADLINE_S = 30.0
POLL_S = 0.001


@dataclass
class Interruption:
    """What happened. What was ``in_flight`` had no answer when the server was killed."""

    answered: int = 0
    in_flight: int = 0
    in_flight_approved: int = 0
    problems: list[str] = field(default_factory=list)


class InterruptedClients:
    """One thread for each account of some runs."""

    def __init__(self, *runs: LoadRun) -> None:
        self._runs = runs
        self._outcome = Interruption()
        self._lock = threading.Lock()

    def buy_until(self, kill: Callable[[], None], client: Client) -> None:
        """Buy from all accounts, call ``kill`` in the middle, return when all have noticed."""
        threads = [
            threading.Thread(target=self._buy, args=(client, run, model))
            for run in self._runs
            for model in run.models
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + ANSWERS_DEADLINE_S
        while self._outcome.answered < ANSWERS_BEFORE_KILL and time.monotonic() < deadline:
            time.sleep(POLL_S)
        kill()
        for thread in threads:
            thread.join()

    def settle(self, client: Client) -> Interruption:
        """Ask again, once the server is back; the whole outcome."""
        for run in self._runs:
            for model in run.models:
                self._settle(client, model)
        return self._outcome

    def _buy(self, client: Client, run: LoadRun, model: AccountModel) -> None:
        try:
            while True:
                sent = run.next_of(model)
                if isinstance(sent, Operation):
                    assert isinstance(model, LifeAccount)
                    model.send_operation(sent)
                    answer = ask_operation(client, sent)
                    self._answered(model.settle_operation(sent, *answer))
                else:
                    model.send(sent)
                    self._answered(model.settle(sent, ask(client, sent.body())))
        except (OSError, HTTPException):
            return
        except UnexpectedAnswerError as error:
            self._answered(str(error))

    def _settle(self, client: Client, model: AccountModel) -> None:
        purchases = [*list(model.recent)[-1:], *model.unsettled()]
        for purchase in purchases:
            interrupted = purchase.code is None
            code = ask(client, purchase.body())
            problem = model.settle(purchase, code)
            if interrupted:
                self._outcome.in_flight += 1
                self._outcome.in_flight_approved += code == APPROVED
            self._keep(problem)
        if isinstance(model, LifeAccount):
            self._settle_operations(client, model)

    def _settle_operations(self, client: Client, model: LifeAccount) -> None:
        if lost := model.unsettled_operation():
            answer = ask_operation(client, lost)
            self._outcome.in_flight += 1
            self._outcome.in_flight_approved += answer[0] in (OK, CREATED)
            self._keep(model.settle_operation(lost, *answer, lost=True))
        if model.done:
            again = replace(model.done[-1], way=REPEATED)
            self._keep(model.settle_operation(again, *ask_operation(client, again)))

    def _keep(self, problem: str | None) -> None:
        if problem:
            self._outcome.problems.append(f"after kill -9: {problem}")

    def _answered(self, problem: str | None) -> None:
        with self._lock:
            self._outcome.answered += 1
            if problem:
                self._outcome.problems.append(problem)
