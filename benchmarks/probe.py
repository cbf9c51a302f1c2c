"""Asks a server for every operation of a purchase's life in turn, and times each answer."""

import http.client
import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final

import numpy as np

from benchmarks.journals import MCC, MERCHANT
from benchmarks.wrk import FIRST_ACCOUNT

PAUSE_S: Final = 0.001
KINDS: Final = ("purchase", "authorization", "capture", "refund")
TERMS: Final = {"mcc": MCC, "merchant": MERCHANT}


class WrongAnswerError(Exception):
    """An operation was not answered as it must be."""


class Probe:
    """One connection to a server, and how long each answer took, by kind of operation."""

    def __init__(self, port: int, accounts: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._accounts = accounts
        self._number = 0
        self.declined = 0
        """Purchases."""
        self.seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}

    def __enter__(self) -> "Probe":
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._connection.close()

    def ask_until(self, is_over: Callable[[], bool], kinds: tuple[str, ...] = KINDS) -> None:
        """Go through the kinds again and again, each time on the next account.

        Raises:
            WrongAnswerError: another operation than a purchase was declined or refused.
        """
        while not is_over():
            self._number += 1
            account = str(FIRST_ACCOUNT + self._number % self._accounts)
            for kind in kinds:
                self._ask(kind, account, f"probe-{self._number}")
                time.sleep(PAUSE_S)

    def percentile_ms(self, kind: str, percent: float) -> float:
        """A percentile of a kind's answers."""
        return float(np.percentile(self.seconds[kind], percent)) * 1000

    def _ask(self, kind: str, account: str, name: str) -> None:
        path, members = _request(kind, account, name)
        body = json.dumps(members).encode()
        started = time.perf_counter()
        self._connection.request("POST", path, body)
        response = self._connection.getresponse()
        content = response.read()
        self.seconds[kind].append(time.perf_counter() - started)
        if kind == "purchase" and content == b'{"code":"07"}':
            self.declined += 1  # it would have waited too long
        elif response.status not in {200, 201} or b'"00"' not in content:
            raise WrongAnswerError(f"{kind}: {response.status} {content.decode()}")


def _request(kind: str, account: str, name: str) -> tuple[str, dict[str, Any]]:
    if kind == "purchase":
        return "/transactions", {
            "account": account,
            "totalAmount": 0.01,
            "id": f"p-{name}",
            **TERMS,
        }
    base = f"/accounts/{account}/authorizations"
    if kind == "authorization":
        return base, {"id": name, "amount": 0.02, **TERMS}
    if kind == "capture":
        return f"{base}/{name}/captures", {"id": "c", "amount": 0.01}
    return f"{base}/{name}/refunds", {"id": "r", "amount": 0.01}
