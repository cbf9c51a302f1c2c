"""What a backtest has found, added up by day and by limit, with examples."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from authorizer.domain.accounts.backtest_values import Candidate, Finding
from authorizer.domain.moments import day_text, moment_text
from authorizer.followers.reports.local_days import LocalDays

EXAMPLES: Final = 10
"""Purchases that are told of each limit: the first ones."""

Money = Callable[[int], Any]
"""How an amount in centavos is told."""


class _Sums:
    """How many, and how much."""

    __slots__ = ("cents", "count")

    def __init__(self) -> None:
        self.count = 0
        self.cents = 0

    def add(self, cents: int) -> None:
        self.count += 1
        self.cents += cents


class LimitTally:
    """What one candidate would have declined."""

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate
        self.declined = _Sums()
        self.also = 0
        """Purchases beyond it that another candidate declined first."""
        self.accounts: set[str] = set()
        self.days: dict[int, _Sums] = {}
        self.examples: list[Finding] = []

    def add(self, finding: Finding, day: int) -> None:
        """Add a purchase that it would have declined."""
        self.declined.add(finding.amount_cents)
        self.accounts.add(finding.account_id)
        self.days.setdefault(day, _Sums()).add(finding.amount_cents)
        if len(self.examples) < EXAMPLES:
            self.examples.append(finding)


class Tally:
    """What all candidates would have declined."""

    def __init__(self, candidates: Sequence[Candidate], days: LocalDays) -> None:
        self._days = days
        self.limits = {each.name: LimitTally(each) for each in candidates}
        self.declined = _Sums()
        """Purchases that some candidate that is enforced would have declined."""
        self.days: dict[int, _Sums] = {}
        """The same by day."""

    def add(self, findings: Sequence[Finding]) -> None:
        """Add what was found of one purchase."""
        for finding in findings:
            limit = self.limits[finding.check.name]
            day = self._days.day_of(finding.at_us)
            if finding.declines:
                self.declined.add(finding.amount_cents)
                self.days.setdefault(day, _Sums()).add(finding.amount_cents)
            if finding.declines or finding.is_shadow:
                limit.add(finding, day)
            else:
                limit.also += 1

    def document(self, money: Money) -> dict[str, Any]:
        """All of it as plain values: `days` has the days on which something was found."""
        found = sorted({day for each in self.limits.values() for day in each.days} | {*self.days})
        return {
            "declined": self.declined.count,
            "declined_amount": money(self.declined.cents),
            "limits": [_limit(each, money) for each in self.limits.values()],
            "days": [self._day(day, money) for day in found],
        }

    def _day(self, day: int, money: Money) -> dict[str, Any]:
        whole = self.days.get(day, _Sums())
        return {
            "day": day_text(day),
            "declined": whole.count,
            "declined_amount": money(whole.cents),
            "limits": {
                name: {"declined": each.days[day].count, "amount": money(each.days[day].cents)}
                for name, each in self.limits.items()
                if day in each.days
            },
        }


def _limit(tally: LimitTally, money: Money) -> dict[str, Any]:
    name, account_id, terms = tally.candidate
    most_cents = terms.max_amount_cents
    return {
        "name": name,
        "account": account_id,
        "window": terms.window,
        "max_amount": None if most_cents is None else money(most_cents),
        "max_count": terms.max_count,
        "scope": terms.scope._asdict(),
        "mode": terms.mode.value,
        "declined": tally.declined.count,
        "declined_amount": money(tally.declined.cents),
        "accounts": len(tally.accounts),
        "also_beyond": tally.also,
        "examples": [_example(each, money) for each in tally.examples],
    }


def _example(finding: Finding, money: Money) -> dict[str, Any]:
    check, spending = finding.check, finding.spending
    return {
        "position": finding.position,
        "at": moment_text(finding.at_us),
        "account": finding.account_id,
        "id": finding.purchase_id,
        "operation_id": finding.operation_id,
        "amount": money(finding.amount_cents),
        "reason": finding.reason.name_on_wire,
        "used": money(check.used_cents),
        "used_count": check.used_count,
        "source": spending.source,
        "mcc": spending.mcc,
        "merchant": spending.merchant,
        "card": spending.card_id,
    }


def table_of(report: dict[str, Any]) -> list[str]:
    """The report as lines for people: limits, then days, then examples."""
    limits = [
        (
            each["name"],
            each["account"] or "every account",
            each["window"],
            each["mode"],
            str(each["declined"]),
            each["declined_amount"],
            str(each["accounts"]),
            str(each["also_beyond"]),
        )
        for each in report["limits"]
    ]
    head = ("limit", "of", "window", "mode", "declined", "amount", "accounts", "also beyond")
    days = [
        (day["day"], name, str(sums["declined"]), sums["amount"])
        for day in report["days"]
        for name, sums in day["limits"].items()
    ]
    examples = [
        (
            each["name"],
            example["at"],
            example["account"],
            example["operation_id"] or example["id"] or "",
            example["amount"],
            example["reason"],
            f"{example['used']} in {example['used_count']}",
            " ".join(example["merchant"].split()),
        )
        for each in report["limits"]
        for example in each["examples"]
    ]
    told = ("limit", "at", "account", "id", "amount", "reason", "used before", "merchant")
    period = f"from {report['from']} to {report['to']}"
    declined = f"{report['declined']} of {report['declined_amount']} would have been declined"
    lines = [
        f"{report['purchases']} purchases of {report['amount']} {period}: {declined}",
        *_rows(head, limits, right={4, 5, 6, 7}),
    ]
    if days:
        lines += _rows(("day", "limit", "declined", "amount"), days, right={2, 3})
        lines += _rows(told, examples, right={4})
    return lines


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]], right: set[int]) -> list[str]:
    """A table with a line above it."""
    table = [head, *rows]
    widths = [max(len(row[at]) for row in table) for at in range(len(head))]
    return [
        "",
        *(
            "  ".join(
                text.rjust(width) if at in right else text.ljust(width)
                for at, (text, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in table
        ),
    ]
