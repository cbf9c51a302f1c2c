"""batch: decisions per second where purchases come in batches of 10,000 over 1,000 accounts.

One connection sends one batch after the other, each purchase with an id of its own; the server is
on one core, the sender on another. Afterwards the wallets must have lost what was approved.

Then the same again beside one connection that sends purchases alone, one after the other: none of
them may be held up for long by a batch.
"""

import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import median
from typing import Final, NamedTuple

from benchmarks import cores, servers
from benchmarks.books import WrongBooksError
from benchmarks.report import Figure, at_least, below
from loadtest.client import balances_cents, open_account, register_merchants
from tests.support.documents import encode, purchase
from tests.support.server import Server

NAME: Final = "batch"
ACCOUNTS: Final = 1000
LINES: Final = 10_000
OPENING_CENTS: Final = {"FOOD": 10**9, "MEAL": 10**9, "CASH": 10**9}
TARGET: Final = 250_000
HELD_TARGET_MS: Final = 10.0
_MERCHANTS: Final = ("PADARIA DO ZE               SAO PAULO BR", "MERCADO CENTRAL    RECIFE BR")
_APPROVED: Final = b'"code":"00"'
_PATIENCE_S: Final = 60


class Sent(NamedTuple):
    """A batch that was answered."""

    seconds: float
    cents: int
    """What it was to spend."""


class Sender:
    """Sends batches over one connection. Closes it at the end of a `with`."""

    def __init__(self, port: int, lines: int) -> None:
        self._random = Random(1)
        self._numbers = iter(range(2**31))
        self._lines = lines
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def batch(self) -> tuple[bytes, int]:
        """A body, and what it spends in centavos."""
        random, total_cents, lines = self._random, 0, []
        for number in range(self._lines):
            cents = random.randrange(1, 9_000)
            total_cents += cents
            line = purchase(
                f"b{random.randrange(ACCOUNTS)}",
                f"{cents / 100:.2f}",
                mcc=random.choice(("5411", "5812", "5999")),
                merchant=random.choice(_MERCHANTS),
                id=f"{next(self._numbers)}-{number}",
            )
            lines.append(encode(line))
        return b"\n".join(lines) + b"\n", total_cents

    def send(self, body: bytes, cents: int) -> Sent:
        """Send a batch and read its answers. ``WrongBooksError`` if not all are approved."""
        began_s = time.perf_counter()
        self._connection.request("POST", "/transactions/batch", body)
        answer = self._connection.getresponse().read()
        seconds = time.perf_counter() - began_s
        if answer.count(_APPROVED) != self._lines:
            raise WrongBooksError(f"{answer.count(_APPROVED)} of {self._lines} lines approved")
        return Sent(seconds, cents)


def measure(folder: Path, *, batches: int, lines: int = LINES) -> list[Figure]:
    """Send so many batches alone, and as many beside purchases that come alone."""
    with (
        cores.started_on(cores.LOAD),
        servers.authorizer(folder) as server,
        Sender(server.port, lines) as sender,
    ):
        cores.pin(server.process.pid, cores.SERVER)
        register_merchants(server.client)
        for number in range(ACCOUNTS):
            open_account(server.client, f"b{number}", OPENING_CENTS)
        bodies = [sender.batch() for _ in range(2 * batches + 1)]
        sent = [sender.send(*bodies.pop())]  # the first one wakes everything
        before = servers.processor_time(server.process.pid)
        alone = [sender.send(*bodies.pop()) for _ in range(batches)]
        used = servers.processor_time(server.process.pid).since(before)
        with Alone(server.port) as purchases:
            beside = [sender.send(*bodies.pop()) for _ in range(batches)]
        check_wallets(server, [*sent, *alone, *beside], purchases.cents)
    usual_s, busy_s = (median(one.seconds for one in some) for some in (alone, beside))
    decided = batches * lines
    held_ms = sorted(seconds * 1000 for seconds in purchases.seconds)
    return [
        at_least(NAME, f"batches of {lines:,}: decisions", lines / usual_s, "1/s", TARGET),
        Figure(NAME, "slowest batch", max(one.seconds for one in alone) * 1000, "ms"),
        Figure(NAME, "user time a decision", used.user_s / decided * 1e6, "us"),
        Figure(NAME, "system time a decision", used.system_s / decided * 1e6, "us"),
        Figure(NAME, "beside purchases alone: decisions in batches", lines / busy_s, "1/s"),
        Figure(NAME, "a purchase alone, beside them: p50", held_ms[len(held_ms) // 2], "ms"),
        below(NAME, "… p99", held_ms[len(held_ms) * 99 // 100], "ms", HELD_TARGET_MS),
        Figure(NAME, "… slowest", held_ms[-1], "ms"),
    ]


class Alone:
    """Purchases one after the other on a connection of their own, as long as a `with` goes on."""

    AMOUNT_CENTS: Final = 1

    def __init__(self, port: int) -> None:
        self.seconds: list[float] = []
        """How long each took."""
        self._port = port
        self._is_over = False
        self._thread = threading.Thread(target=self._send)

    @property
    def cents(self) -> int:
        """What they have spent."""
        return len(self.seconds) * self.AMOUNT_CENTS

    def __enter__(self) -> "Alone":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._thread.join()

    def _send(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE_S)
        try:
            for body in self._bodies():
                began_s = time.perf_counter()
                connection.request("POST", "/transactions", body)
                answer = connection.getresponse().read()
                self.seconds.append(time.perf_counter() - began_s)
                if _APPROVED not in answer:
                    raise WrongBooksError(f"a purchase alone was answered {answer!r}")
        finally:
            connection.close()

    def _bodies(self) -> Iterator[bytes]:
        number = 0
        while not self._is_over:
            yield encode(purchase(f"b{number % ACCOUNTS}", "0.01", id=f"alone-{number}"))
            number += 1


def check_wallets(server: Server, sent: Sequence[Sent], more_cents: int) -> None:
    """Compare what the wallets lost with what was sent. ``WrongBooksError`` if they differ."""
    opening_cents = ACCOUNTS * sum(OPENING_CENTS.values())
    left_cents = sum(
        sum(balances_cents(server.client, f"b{number}").values()) for number in range(ACCOUNTS)
    )
    spent_cents = sum(one.cents for one in sent) + more_cents
    if opening_cents - left_cents != spent_cents:
        raise WrongBooksError(f"{spent_cents} centavos spent, {opening_cents - left_cents} lost")
