"""Whether a server's books agree with what was sent to it: a fast wrong answer is worth nothing."""

from collections import Counter

from benchmarks import servers, wrk
from benchmarks.report import Figure
from loadtest.client import balances_cents
from loadtest.model import APPROVED
from tests.support.server import Server


class WrongBooksError(Exception):
    """The server's books do not agree with what was sent."""


def check_answers(decided: int, answered: int, loads: int) -> None:
    """Compare the server's count of decisions with wrk's count of answers over some loads.

    A load just before the count began is one of them: what it left in flight counts too. When a
    load ends, wrk drops the requests in flight, at most one a connection. They may have been
    decided, and wrk has not counted them. ``WrongBooksError`` if that does not explain the counts.
    """
    if not 0 <= decided - answered <= loads * wrk.CONNECTIONS:
        raise WrongBooksError(f"{decided} purchases decided, but {answered} answers received")


def check_wallets(server: Server, accounts: int) -> None:
    """Compare what the wallets lost with the purchases approved since the accounts were opened.

    Purchases in flight when the load ended may still be decided. So wallets count only where no
    purchase was approved while they were read.
    """
    approved = -1
    lost_cents = 0
    while approved != (approved := servers.decisions_by_code(server)[APPROVED]):
        lost_cents = _lost_cents(server, accounts)
    if lost_cents != approved * wrk.AMOUNT_CENTS:
        raise WrongBooksError(f"{approved} purchases approved, but {lost_cents} centavos lost")


def _lost_cents(server: Server, accounts: int) -> int:
    opening_cents = sum(wrk.OPENING_CENTS.values())
    return sum(
        opening_cents - sum(balances_cents(server.client, str(wrk.FIRST_ACCOUNT + number)).values())
        for number in range(accounts)
    )


def declined(benchmark: str, name: str, decisions: Counter[str]) -> Figure:
    """How many purchases were declined, all of which were funded: those that waited too long."""
    count = decisions.total() - decisions[APPROVED]
    return Figure(benchmark, name, count, "", "0", count == 0)
