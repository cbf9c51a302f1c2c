"""Purchases that a kill -9 interrupts, and what must be true of them after the restart.

Several clients buy without a pause until the server is killed under them, so each is left with
one purchase whose outcome it does not know. After the restart it asks again with the same id, and
repeats its last answered purchase too: the first gets an answer that its account's history
explains, the second the answer that it had before.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException

from loadtest.client import UnexpectedAnswerError, ask
from loadtest.load_run import LoadRun
from loadtest.model import APPROVED, AccountModel
from tests.support.client import Client

ANSWERS_BEFORE_KILL = 400
ANSWERS_DEADLINE_S = 30.0
POLL_S = 0.001


@dataclass
class Interruption:
    """What happened. Purchases ``in_flight`` had no answer when the server was killed."""

    answered: int = 0
    in_flight: int = 0
    in_flight_approved: int = 0
    problems: list[str] = field(default_factory=list)


class InterruptedClients:
    """One thread for each account of a run."""

    def __init__(self, run: LoadRun) -> None:
        self._run = run
        self._outcome = Interruption()
        self._lock = threading.Lock()

    def buy_until(self, kill: Callable[[], None], client: Client) -> None:
        """Buy from all accounts, call ``kill`` in the middle, return when all have noticed."""
        threads = [threading.Thread(target=self._buy, args=(client, m)) for m in self._run.models]
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
        for model in self._run.models:
            self._settle(client, model)
        return self._outcome

    def _buy(self, client: Client, model: AccountModel) -> None:
        try:
            while True:
                purchase = self._run.new_purchase(model)
                model.send(purchase)
                self._answered(model.settle(purchase, ask(client, purchase.body())))
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
            if problem:
                self._outcome.problems.append(f"after kill -9: {problem}")

    def _answered(self, problem: str | None) -> None:
        with self._lock:
            self._outcome.answered += 1
            if problem:
                self._outcome.problems.append(problem)
