"""Takes the steps of one scenario of lifecycle.json and says where the server falls short.

A step is one of
  {"method", "path", "body" | "raw", "headers"?, "expect"?, "save"?, "then_balances"?}
  {"parallel": N, "step" | "steps", "count"?, "expect_counts"}   N of each at once, `${i}` 0 … N-1
  {"restart": "kill9"}
  {"any_of": [[step, …], …]}                                     one of the groups must hold
  {"conserved": ["a"]}               no money has come or gone that no answer tells of
`expect` and `expect_counts` may be lists: any one of them will do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from tests.conformance.life_books import TRANSACTIONS, Books
from tests.conformance.life_client import LifeClient
from tests.conformance.life_expected import (
    MISSING,
    document_of,
    is_money,
    matches,
    member,
    problem_faults,
    purchase_faults,
    told,
    unmet,
)
from tests.support.client import Answer, Client, path_of
from tests.support.documents import Document
from tests.support.together import send_together
from tests.support.waiting import until

OF_WALLET: Final = ("available", "held", "ledger", "owed")
MOST_CONNECTIONS: Final = 100
UTC_TO_LOCAL: Final = timedelta(hours=-3)
"""From UTC to the time of limits' days: Sao Paulo has kept it since 2019."""
LONGEST_LIFE: Final = timedelta(seconds=15)
"""No scenario takes longer."""


class LifeScenario:
    """One scenario on one server, which `restart` kills and starts again."""

    def __init__(
        self,
        case: Document,
        client: Callable[[], Client],
        restart: Callable[[], None],
        prefix: str,
    ) -> None:
        self.case = case
        self.failures: list[str] = []
        self.prefix = prefix
        self.books = Books()
        self._client = client
        self._restart = restart
        self._talk = LifeClient(client, prefix)

    def run(self) -> list[str]:
        """Prepare, take every step, clean up; the failures in words, none if it holds."""
        until(_day_is_long_enough, "a day that does not end within the scenario")
        try:
            self._prepare(self.case.get("given", {}))
            self._live()
        finally:
            for url in self.books.cleanup:
                self._client().send("DELETE", url)
        return self.failures

    def accounts(self) -> list[str]:
        """The accounts that it opens, in its own names."""
        return [account["account"] for account in self.case["given"].get("accounts", [])]

    def _prepare(self, given: Document) -> None:
        for account in given.get("accounts", []):
            name, rest = _split(account, "account")
            self.must("PUT", path_of("accounts", name), rest)
            self.books.money_in[name] += sum(account["balances"].values())
        for customer in given.get("customers", []):
            self.must("PUT", path_of("clientes", customer["cliente_id"]), customer)
        for merchant in given.get("merchants", []):
            self.must("PUT", "/merchants", merchant)
        for limit in given.get("limits", []):
            name, rest = _split(limit, "name")
            owner = rest.pop("account", None)
            of_account = path_of("accounts", owner) if owner else ""
            self.must("PUT", of_account + path_of("limits", name), rest)

    def _live(self) -> None:
        for at, step in enumerate(self.case["steps"], 1):
            self._take(f"step {at}", step)

    # --- requests ----------------------------------------------------------------------------

    def call(self, step: Document) -> Answer:
        """Send one request and keep what the books need of it."""
        sent, answer = self._talk.call(step)
        self.books.note(sent, answer)
        return answer

    def must(self, method: str, path: str, body: Any = MISSING) -> Any:
        """The document of an answer that has to be a success."""
        answer = self.call({"method": method, "path": path, "body": body})
        if answer.status not in (200, 201, 204):
            raise AssertionError(f"{method} {path} was answered {answer}")
        return document_of(answer)

    def fail(self, where: str, text: str) -> None:
        self.failures.append(f"{self.case['id']} {where}: {text}")

    # --- steps -------------------------------------------------------------------------------

    def _take(self, where: str, step: Document) -> None:
        if "parallel" in step:
            self._together(where, step)
        elif "restart" in step:
            self._restart()
        elif "any_of" in step:
            self._any_of(where, step["any_of"])
        elif "method" in step:
            self._one(f"{where} {step['method']} {step['path']}", step)
        for account in step.get("conserved", []):
            self.conserved(where, account)
        self._compare_balances(where, step.get("then_balances") or {})

    def _one(self, where: str, step: Document) -> None:
        answer = self.call(step)
        expected = self._talk.filled(step.get("expect", {}))
        for fault in faults_of(answer, expected, step["path"])[:2]:
            self.fail(where, fault)
        for name, path in (step.get("save") or {}).items():
            self._talk.saved[name] = member(document_of(answer), path)
            if self._talk.saved[name] is MISSING:
                self.fail(where, f"the answer has no {path}: {answer}")

    def _any_of(self, where: str, groups: Sequence[Sequence[Document]]) -> None:
        before = self.failures
        shortest: list[str] = []
        for group in groups:
            self.failures = []
            for step in group:
                self._take(where, step)
            if not self.failures:
                shortest = []
                break
            if not shortest or len(self.failures) < len(shortest):
                shortest = self.failures
        self.failures = before + [f"{f} (no other of {len(groups)} ways holds)" for f in shortest]

    def _together(self, where: str, step: Document) -> None:
        kinds = step.get("steps") or [step["step"]]
        jobs = [(kind, i) for i in range(step["parallel"]) for kind in kinds]
        sent = [self._talk.made(kind, i=i) for kind, i in jobs]
        requests = [one.at_once() for one in sent]
        port = self._client().port
        received = send_together(port, requests, most_connections=MOST_CONNECTIONS)
        counts: Counter[str] = Counter()
        for (kind, _), request, raw in zip(jobs, sent, received, strict=True):
            if raw is None:
                counts["no answer"] += 1
                continue
            answer = self._talk.own(raw)
            self.books.note(request, answer)
            counts[_label(kind, answer, step.get("count"))] += 1
            for fault in faults_of(answer, {"status": answer.status}, kind["path"]):
                self.fail(where, fault)
        expected = step.get("expect_counts")
        if expected is None:
            return
        ways = expected if isinstance(expected, list) else [expected]
        if not any(_counted(way, counts) for way in ways):
            self.fail(where, f"answers {dict(counts)}, expected {' or '.join(map(told, ways))}")

    # --- money -------------------------------------------------------------------------------

    def wallets(self, account: str) -> tuple[Document, Document]:
        """What both reads say: of each wallet all that there is, and what is available."""
        path = path_of("accounts", account)
        return (
            self.must("GET", f"{path}/balances")["balances"],
            self.must("GET", path)["balances"],
        )

    def _compare_balances(self, where: str, expected: Document) -> None:
        for account, wallets in expected.items():
            full, available = self.wallets(account)
            for name, value in wallets.items():
                wanted = value if isinstance(value, dict) else {"available": value}
                fault = wallet_fault(wanted, full.get(name), available.get(name))
                if fault:
                    self.fail(where, f"{account} {name} {fault}")

    def conserved(self, where: str, account: str) -> None:
        """What came in is what is there, what is held and what purchases took."""
        wallets, _ = self.wallets(account)
        there = sum((w["available"] + w["held"] - w["owed"] for w in wallets.values()), Decimal(0))
        ids = [purchase for owner, purchase in self.books.purchases if owner == account]
        paths = [path_of("accounts", account, "authorizations", one) for one in sorted(ids)]
        taken = self.books.taken(account, wallets, [self.must("GET", path) for path in paths])
        came = self.books.money_in[account]
        if came - there not in taken:
            self.fail(where, f"{account}: {came} came in, {there} is there, {taken} was taken")


def faults_of(answer: Answer, expected: Any, path: str) -> list[str]:
    """Where an answer falls short: of one expectation, or of the best of several."""
    if answer.status >= 500:
        return [f"answered {answer}"]
    ways = expected if isinstance(expected, list) else [expected]
    found = [unmet(answer, way) for way in ways]
    if all(found):
        return min(found, key=lambda faults: (faults[0].startswith("answered"), len(faults)))
    if answer.status >= 400 and path.lstrip("/") not in TRANSACTIONS:
        return problem_faults(answer)
    document = document_of(answer)
    if "/authorizations" in path and isinstance(document, dict) and "operations" in document:
        return purchase_faults(document)
    return []


def wallet_fault(expected: Document, seen: Any, available: Any) -> str | None:
    """What is wrong with a wallet, as the balances and as the account tell of it."""
    if not isinstance(seen, dict) or not all(is_money(seen.get(name)) for name in OF_WALLET):
        return f"is {told(seen)}, not {', '.join(OF_WALLET)} with two decimals"
    if not matches(expected, seen):
        return f"is {told(seen)}, expected {told(expected)}"
    if not matches(expected.get("available", seen["available"]), available):
        return f"is {told(available)} in the account, {told(seen)} in its balances"
    if seen["owed"] == 0 and seen["ledger"] != seen["available"] + seen["held"]:
        return f"has a ledger that is not what is available and held: {told(seen)}"
    return None


def _day_is_long_enough() -> bool:
    now = datetime.now(UTC) + UTC_TO_LOCAL
    return now.date() == (now + LONGEST_LIFE).date()


def _split(document: Document, name: str) -> tuple[str, Document]:
    return document[name], {key: value for key, value in document.items() if key != name}


def _label(kind: Document, answer: Answer, count: str | None) -> str:
    words = [kind.get("label"), str(answer.status)]
    if count and answer.status < 400:
        words.append(str(member(document_of(answer), count)))
    return " ".join(word for word in words if word)


def _counted(expected: Document, counts: Counter[str]) -> bool:
    return set(counts) <= set(expected) and all(
        matches(value, counts[label]) for label, value in expected.items()
    )
