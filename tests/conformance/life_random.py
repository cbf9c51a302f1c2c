"""Operations by chance on one account: every answer and every balance must be the model's."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.conformance.life_expected import document_of, is_number, matches, member, told
from tests.conformance.life_model import Bought, Model, cents, code_of
from tests.conformance.life_steps import LifeScenario, faults_of
from tests.support.client import Answer, path_of
from tests.support.documents import MCC, Document


@dataclass(frozen=True, slots=True)
class Done:
    """An operation that was taken, for repeats."""

    path: str
    body: Document
    code: Any = None


class RandomLife(LifeScenario):
    """`seed` and `count` stand in the scenario instead of steps; `restart_at` kills between."""

    def _live(self) -> None:
        self.chance = random.Random(self.case["seed"])
        self.model = Model.of(self.case["given"])
        self.done: list[Done] = []
        self.serial = 0
        self.base = path_of("accounts", self.accounts()[0])
        for at in range(1, self.case["count"] + 1):
            if at in self.case.get("restart_at", []):
                self._restart()
            operation = self.chance.choice(OPERATIONS)
            self.where = f"operation {at} ({operation.__name__})"
            operation(self)
            self._compare()
            if self.failures:
                return

    # --- what is sent ------------------------------------------------------------------------

    def _name(self, kind: str) -> str:
        self.serial += 1
        return f"{kind}{self.serial}"

    def _units(self, most: int = 6000) -> int:
        few = self.chance.randint(1, most // 10) * 10
        return self.chance.choice([self.chance.randint(1, most), few])

    def _post(self, path: str, body: Document, status: int, **expected: Any) -> Answer:
        answer = self.call({"method": "POST", "path": path, "body": body})
        for fault in faults_of(answer, {"status": status, **expected}, path)[:2]:
            self.fail(self.where, f"{told(body)} to {path}: {fault}")
        return answer

    def _operate(self, kind: str, name: str, amount: int | None, status: int, **more: Any) -> Any:
        """Post an operation on a purchase; the code of its last operation."""
        body: Document = {"id": self._name(kind[0]), **more}
        if amount is not None:
            body["amount"] = cents(amount)
        path = f"{self.base}/authorizations/{name}/{kind}"
        code = member(document_of(self._post(path, body, status)), "operations[-1].code")
        if status == 201:
            self.done.append(Done(path, body))
        return code

    def _some(self, *statuses: str) -> tuple[str, Bought] | None:
        there = [(name, one) for name, one in self.model.purchases.items()]
        fitting = [(name, one) for name, one in there if one.status in statuses and not one.unsure]
        return self.chance.choice(fitting) if fitting else None

    # --- operations --------------------------------------------------------------------------

    def authorize(self) -> None:
        name, amount, wallet = self._name("h"), self._units(), self.chance.choice(list(MCC))
        body: Document = {"id": name, "amount": cents(amount), "mcc": MCC[wallet]}
        body["merchant"] = "LOJA X"
        card = self.model.card if self.chance.random() < 0.5 else None
        if card:
            body["card"] = card
        if self.chance.random() < 0.3 and self.model.available[wallet]:
            body["partial"] = True
        source, given, reason = self.model.decide(wallet, amount, card, body.get("partial"))
        said: Document = {"code": code_of(reason), "reason": reason}
        if self.chance.random() < 0.2:
            self._post(f"{self.base}/decisions", body, 200, json=said)
        said |= {"requested": cents(amount), "amount": cents(given)}
        if source:
            self.model.give(source, -given)
            self.model.purchases[name] = Bought(source, held=given, amount=given)
            said |= {"source": "credit_limit" if source == self.model.card else source}
        else:
            self.model.purchases[name] = Bought(None, status="declined")
        path = f"{self.base}/authorizations"
        self._post(path, body, 201, json=said)
        self.done.append(Done(path, body))

    def purchase(self) -> None:
        amount, wallet = self._units(), self.chance.choice(list(MCC))
        body: Document = {"account": self.accounts()[0], "totalAmount": cents(amount)}
        body |= {"mcc": MCC[wallet], "merchant": "LOJA X"}
        source, _, reason = self.model.decide(wallet, amount)
        if source:
            self.model.give(source, -amount)
        if self.chance.random() < 0.8:
            body["id"] = self._name("t")
            self.done.append(Done("/transactions", body, code_of(reason)))
            if source:
                paid = Bought(source, captured=amount, status="closed", amount=amount)
                self.model.purchases[body["id"]] = paid
        self._post("/transactions", body, 200, json={"code": code_of(reason)})

    def capture(self) -> None:
        usual = self.chance.random() < 0.8
        found = self._some("pending", "closed", "declined") if usual else self._some("reversed")
        if found is None:
            return
        name, one = found
        if one.status == "reversed":
            self._capture_late(name, one)
        elif one.status != "pending":
            self._operate("captures", name, self._units(), 409)
        else:
            self._capture_held(name, one)

    def _capture_late(self, name: str, one: Bought) -> None:
        if one.captured or not one.freed:
            return
        amount = self.chance.randint(1, one.freed)
        source = str(one.source)
        funds = self.model.available[source] >= amount
        self._operate("captures", name, amount, 201 if funds else 409)
        if funds:
            self.model.give(source, -amount)
            one.captured, one.status = amount, "closed"

    def _capture_held(self, name: str, one: Bought) -> None:
        part, more = self.chance.randint(1, one.held), self.chance.randint(1, 500)
        amount = self.chance.choice([None, one.held, part, one.held + more])
        final = self.chance.choice([None, True, False])
        taken = one.held if amount is None else amount
        fits = taken <= one.held
        given = {} if final is None else {"final": final}
        self._operate("captures", name, amount, 201 if fits else 409, **given)
        if fits:
            one.captured, one.held = one.captured + taken, one.held - taken
            if final is not False or not one.held:
                self.model.give(one.source, one.held)
                one.held, one.status = 0, "closed"

    def increment(self) -> None:
        usual = self.chance.random() < 0.8
        found = self._some("pending") if usual else self._some("closed", "declined")
        if found is None or self.model.frozen:
            return
        (name, one), amount = found, self._units(3000)
        if one.status != "pending":
            self._operate("increments", name, amount, 409)
            return
        covered = self.model.available[str(one.source)] >= amount
        code = self._operate("increments", name, amount, 201)
        if code != ("00" if covered else "51"):
            self.fail(self.where, f"an increment of {cents(amount)} is {code}")
        if covered:
            self.model.give(one.source, -amount)
            one.held, one.amount = one.held + amount, one.amount + amount

    def reverse(self) -> None:
        if self.chance.random() < 0.1:
            self._operate("reversals", "unknown", None, 404)
            return
        found = self._some("pending", "closed", "reversed", "declined")
        if found is None:
            return
        name, one = found
        there = {"pending": one.held, "closed": one.left}.get(one.status, 0)
        if not there:
            self._operate("reversals", name, None, 409)
            return
        part, more = self.chance.randint(1, there), self.chance.randint(1, 500)
        amount = self.chance.choice([None, None, there, part, there + more])
        taken = there if amount is None else amount
        if taken > there and one.status == "pending" and one.captured:
            return  # whether it reaches into what was captured, the contract leaves open
        self._operate("reversals", name, amount, 201 if taken <= there else 409)
        if taken <= there:
            self.model.give(one.source, taken)
            _reverse(one, taken)

    def refund(self) -> None:
        found = self._some("pending", "closed", "closed", "declined")
        if found is None:
            return
        name, one = found
        if not one.left:
            self._operate("refunds", name, self._units(), 409)
            return
        part, more = self.chance.randint(1, one.left), self.chance.randint(1, 500)
        amount = self.chance.choice([None, one.left, part, one.left + more])
        taken = one.left if amount is None else amount
        fits = taken <= one.left
        self._operate("refunds", name, amount, 201 if fits else 409)
        if fits:
            self.model.give(one.source, taken)
            one.given_back, one.refunded = one.given_back + taken, one.refunded + taken

    def credit(self) -> None:
        wallet, amount = self.chance.choice(list(MCC)), self._units()
        body = {"id": self._name("m"), "category": wallet, "amount": cents(amount)}
        self._post(f"{self.base}/credits", body, 201)
        self.done.append(Done(f"{self.base}/credits", body))
        self.model.give(wallet, amount)

    def adjust(self) -> None:
        wallet, amount = self.chance.choice(list(MCC)), self._units()
        there = self.model.available[wallet]
        beyond = -there - self.model.held(wallet) - 1
        amount = self.chance.choice([amount, -self.chance.randint(0, there) or amount, beyond])
        body: Document = {"id": self._name("m"), "wallet": wallet, "amount": cents(amount)}
        body["reason"] = "count of the day"
        fits = there + amount >= 0
        self._post(f"{self.base}/adjustments", body, 201 if fits else 409)
        if fits:
            self.done.append(Done(f"{self.base}/adjustments", body))
            self.model.give(wallet, amount)

    def freeze(self) -> None:
        self.model.frozen = not self.model.frozen and self.chance.random() < 0.5
        status = "frozen" if self.model.frozen else "active"
        self.must("PUT", f"{self.base}/status", {"status": status, "reason": "check"})

    def repeat(self) -> None:
        """An operation of before again: as it was, or with another amount."""
        if not self.done:
            return
        again = self.chance.choice(self.done)
        paid = again.path == "/transactions"
        name = "totalAmount" if paid else "amount"
        if self.chance.random() < 0.3 and is_number(again.body.get(name)):
            other = again.body | {name: again.body[name] + cents(1)}
            if paid:
                reason = {"Authorizer-Reason": "duplicate_mismatch"}
                self._post(again.path, other, 200, json={"code": "07"}, header=reason)
            else:
                self._post(again.path, other, 409)
        elif paid:
            replayed = {"Authorizer-Replayed": "true"}
            self._post(again.path, again.body, 200, json={"code": again.code}, header=replayed)
        else:
            self._post(again.path, again.body, 200)

    # --- the model's word --------------------------------------------------------------------

    def _compare(self) -> None:
        full, available = self.wallets(self.accounts()[0])
        for name in MCC:
            there, held = self.model.available[name], self.model.held(name)
            wanted = {"available": cents(there), "held": cents(held), "owed": cents(0)}
            if not matches(wanted, full.get(name)) or available.get(name) != cents(there):
                self.fail(self.where, f"{name} is {told(full.get(name))}, expected {told(wanted)}")
        if self.model.card:
            limit = self.must("GET", path_of("cartoes", self.model.card))["limite_disponivel"]
            if limit != cents(self.model.available[self.model.card]):
                self.fail(self.where, f"limite_disponivel is {limit}")
        for name in list(self.model.purchases)[-3:]:
            document = self.must("GET", f"{self.base}/authorizations/{name}")
            wanted = self.model.purchases[name].expected()
            if not matches(wanted, document):
                self.fail(self.where, f"{name} is {told(document)}, expected {told(wanted)}")


def _reverse(one: Bought, taken: int) -> None:
    if one.status == "pending":
        one.held -= taken
        if not one.held:
            one.freed = taken
            one.status = "closed" if one.captured else "reversed"
    else:
        one.given_back += taken
        if not one.left:
            one.status, one.unsure = "reversed", bool(one.refunded)


OPERATIONS: Final[list[Callable[[RandomLife], None]]] = [
    *[RandomLife.authorize, RandomLife.capture] * 4,
    *[RandomLife.purchase, RandomLife.reverse, RandomLife.refund, RandomLife.increment] * 2,
    *[RandomLife.credit, RandomLife.adjust, RandomLife.freeze],
    *[RandomLife.repeat] * 2,
]
"""What is drawn from; what comes more than once comes more often."""
