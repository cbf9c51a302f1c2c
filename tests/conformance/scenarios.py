"""Replay one scenario of cases.json against a running server and say where it falls short."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.support.client import Answer, Client, path_of
from tests.support.documents import Document, Number
from tests.support.together import Request, send_together

CASES = Path(__file__).with_name("cases.json")
ACCOUNT_IN_RAW = re.compile(r'("account(?:Id)?"\s*:\s*")(\s*)([^"\\\s]|\\u)')
ID_IN_RAW = re.compile(r'("id"\s*:\s*")')


def load_cases(path: Path = CASES, only: str = "") -> list[Document]:
    """The scenarios whose id starts with `only`."""
    cases: list[Document] = json.loads(path.read_text("utf-8"))["scenarios"]
    return [case for case in cases if case["id"].startswith(only)]


class Scenario:
    """One scenario on one server. Its account ids get a prefix, so that all share the server.

    With `timed` false the upper bounds of `max_ms` are not looked at: they are promises for a
    machine that does nothing else.
    """

    def __init__(self, case: Document, port: int, prefix: str, *, timed: bool = True) -> None:
        self.case = case
        self.port = port
        self.timed = timed
        self.failures: list[str] = []
        self._client = Client(port)
        self._prefix = prefix
        self._balances_known = True

    def run(self, transactions_path: str = "/transactions") -> list[str]:
        """Prepare, take every step, clean up; the failures in words, none if the scenario holds."""
        given = self.case["given"]
        merchants = given.get("merchants", [])
        for account in given["accounts"]:
            wallets = {name: Number(text) for name, text in account["balances"].items()}
            path = path_of("accounts", self._account(account["account"]))
            self._require(self._client.put(path, {"balances": wallets}))
        for merchant in merchants:
            self._require(self._client.put("/merchants", merchant))
        try:
            for number, step in enumerate(self.case["steps"], 1):
                self._take(number, step, transactions_path)
        finally:
            for merchant in merchants:
                self._client.delete("/merchants", name=merchant["name"])
        return self.failures

    def accounts(self) -> list[str]:
        """The ids, with prefix, of the accounts that this scenario opens."""
        return [self._account(account["account"]) for account in self.case["given"]["accounts"]]

    def _require(self, answer: Answer) -> None:
        if answer.status not in (200, 201):
            raise AssertionError(f"{self.case['id']}: preparing was answered {answer}")

    # --- steps -------------------------------------------------------------------------------

    def _take(self, number: int, step: Document, path: str) -> None:
        if "parallel" in step or "concurrent" in step:
            self._together(number, step, path)
        else:
            for _ in range(step.get("repeat", 1)):
                self._one(number, step, path)
        if self._balances_known:
            self._compare_balances(number, step.get("then_balances", {}))

    def _one(self, number: int, step: Document, path: str) -> None:
        body = self._body(step)
        answer = self._client.send(step.get("method", "POST"), path, body, _headers(step))
        status = step.get("expect_http", 200)
        if answer.status != status:
            return self._fail(number, f"HTTP {answer.status}, expected {status}: {answer.body!r}")
        self._check_time(number, step, [answer])
        expected = step.get("expect_code")
        if expected is None:
            return None
        code = _code(answer)
        if code == expected:
            return None
        if code in step.get("accept_codes", []):
            self._balances_known = False
            return None
        return self._fail(number, f"{code}, expected {expected}; sent {body[:160]!r}")

    def _together(self, number: int, step: Document, path: str) -> None:
        jobs = [job for group in step.get("concurrent", [step]) for job in self._copies(group)]
        requests = [Request("POST", path, body) for body, _ in jobs]
        received = send_together(self.port, requests)
        answers = [answer for answer in received if answer is not None]
        codes = Counter("no answer" if answer is None else _code(answer) for answer in received)
        self._check_time(number, step, answers)
        expected = step.get("expect")
        if expected is not None and codes != Counter(expected):
            self._fail(number, f"codes {dict(codes)}, expected {expected}")
        if step.get("invariants"):
            approved = sum(
                amount
                for answer, (_, amount) in zip(received, jobs, strict=True)
                if answer is not None and _code(answer) == "00"
            )
            self._check_invariants(number, codes, Decimal(approved))

    def _copies(self, group: Document) -> Iterable[tuple[bytes, Decimal]]:
        for index in range(group["parallel"]):
            step = group
            if "request_template" in group:
                filled = json.dumps(group["request_template"]).replace("{i}", str(index))
                step = {"request": json.loads(filled)}
            amount = step.get("request", {}).get("totalAmount", 0)
            yield self._body(step), Decimal(str(amount))

    # --- checks ------------------------------------------------------------------------------

    def _fail(self, number: int, text: str) -> None:
        self.failures.append(f"{self.case['id']} step {number}: {text}")

    def _check_time(self, number: int, step: Document, answers: Iterable[Answer]) -> None:
        bound = step.get("max_ms")
        slowest = max((answer.elapsed_ms for answer in answers), default=0.0)
        if self.timed and bound is not None and slowest > bound:
            self._fail(number, f"slowest answer {slowest:.0f} ms, at most {bound} ms")

    def _check_invariants(self, number: int, codes: Counter[str], approved: Decimal) -> None:
        if set(codes) - {"00", "51"}:
            self._fail(number, f"codes {dict(codes)}")
        before = after = Decimal(0)
        for account in self.case["given"]["accounts"]:
            wallets = self._wallets(account["account"])
            before += sum(map(Decimal, account["balances"].values()))
            after += sum(wallets.values())
            if min(wallets.values()) < 0:
                self._fail(number, f"a wallet is below zero: {wallets}")
        if before - after != approved:
            self._fail(number, f"approved {approved}, but the wallets lost {before - after}")

    def _compare_balances(self, number: int, expected: Mapping[str, Mapping[str, str]]) -> None:
        for account, wallets in expected.items():
            seen = self._wallets(account)
            for name, text in wallets.items():
                if seen.get(name, Decimal(0)) != Decimal(text):
                    self._fail(number, f"{account} {name} is {seen.get(name)}, expected {text}")

    def _wallets(self, account: str) -> dict[str, Decimal]:
        balances = self._client.balances(self._account(account))
        return {name: Decimal(text) for name, text in balances.items()}

    # --- bodies ------------------------------------------------------------------------------

    def _account(self, name: str) -> str:
        lead = len(name) - len(name.lstrip())
        return name[:lead] + self._prefix + name[lead:] if name.strip() else name

    def _body(self, step: Document) -> bytes:
        if "request" in step:
            return json.dumps(self._request(step["request"])).encode()
        if "raw" in step:
            return self._raw(step["raw"]).encode("utf-8", "surrogatepass")
        if "raw_base64" in step:
            text = base64.b64decode(step["raw_base64"]).decode("latin-1")
            return self._raw(text).encode("latin-1")
        made = step["body_gen"]
        return self._raw(GENERATED[made["kind"]](made)).encode()

    def _request(self, document: Document) -> Document:
        document = dict(document)
        for name in ("account", "accountId"):
            if isinstance(document.get(name), str):
                document[name] = self._account(document[name])
        if isinstance(document.get("id"), str):
            document["id"] = self._prefix + document["id"]
        return document

    def _raw(self, text: str) -> str:
        text = ACCOUNT_IN_RAW.sub(lambda m: m[1] + m[2] + self._prefix + m[3], text)
        return ID_IN_RAW.sub(lambda m: m[1] + self._prefix, text)


def _code(answer: Answer) -> str:
    if answer.status != 200:
        return f"HTTP {answer.status}"
    try:
        return answer.code
    except (AssertionError, ValueError):
        return f"not a code: {answer.body[:120]!r}"


def _headers(step: Document) -> dict[str, str]:
    headers = {"Content-Type": "application/json"} | step.get("headers", {})
    return {name: value for name, value in headers.items() if value is not None}


def _nest(made: Mapping[str, Any]) -> str:
    return str(made["open"] * made["depth"] + made["close"] * made["depth"])


GENERATED: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "repeat": lambda made: made["prefix"] + made["unit"] * made["count"] + made["suffix"],
    "nest": _nest,
    "wrap_nest": lambda made: made["prefix"] + _nest(made) + made["suffix"],
}
"""How the long bodies of `body_gen` are made, by kind."""
