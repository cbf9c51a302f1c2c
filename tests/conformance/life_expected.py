"""What a step of a purchase's life expects, held against what came back.

A number with two decimals is money and must be spelled so. A document is compared in the members
that are named, a list as a whole. RULES stand for values: `{"$any": [...]}` and the like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from tests.support.client import Answer
from tests.support.documents import MADE_HERE, Document, encode

MISSING: Final = object()
TOKEN: Final = re.compile(r"\[-?\d+\]|[^.\[\]]+")
MONEY: Final = ("requested", "amount", "held", "captured", "reversed", "refunded")
STATUSES: Final = frozenset(("declined", "pending", "closed", "reversed", "expired"))


def member(document: Any, path: str) -> Any:
    """The value at `balances.MEAL.held` or `operations[-1].code`, else MISSING.

    `*list` is the one member that is a list.
    """
    for token in TOKEN.findall(path):
        document = _step(document, token)
    return document


def _step(document: Any, token: str) -> Any:
    if token[0] == "[":
        at = int(token[1:-1])
        there = isinstance(document, list) and -len(document) <= at < len(document)
        return document[at] if there else MISSING
    if not isinstance(document, dict):
        return MISSING
    if token == "*list":
        lists = [value for value in document.values() if isinstance(value, list)]
        return lists[0] if len(lists) == 1 else MISSING
    return document.get(token, MISSING)


def told(value: Any) -> str:
    """A value as a failure shows it."""
    return "missing" if value is MISSING else encode(value).decode()[:300]


def is_money(value: Any) -> bool:
    return isinstance(value, Decimal) and value.as_tuple().exponent == -2


def is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def matches(expected: Any, got: Any, whole: Any = None) -> bool:
    """Whether `got`, a part of the document `whole`, is what is expected."""
    if isinstance(expected, dict):
        name = next(iter(expected)) if len(expected) == 1 else ""
        if name.startswith("$"):
            return RULES[name](expected[name], got, whole)
        return isinstance(got, dict) and all(
            matches(value, got.get(key, MISSING), whole) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(got, list)
            and len(got) == len(expected)
            and all(matches(e, g, whole) for e, g in zip(expected, got, strict=True))
        )
    if isinstance(expected, Decimal):
        return is_money(got) and bool(got == expected)
    if is_number(expected):
        return is_number(got) and bool(got == expected)
    return type(expected) is type(got) and bool(expected == got)


def _in_order(values: Any, got: Any, whole: Any) -> bool:
    rest: Iterator[Any] = iter(got if isinstance(got, list) else ())
    return all(any(matches(value, one, whole) for one in rest) for value in values)


def _hours_after(value: Any, got: Any, whole: Any) -> bool:
    since = member(whole, value[0])
    if not (isinstance(got, str) and isinstance(since, str)):
        return False
    passed = datetime.fromisoformat(got) - datetime.fromisoformat(since)
    return abs(passed - timedelta(hours=value[1])) <= timedelta(seconds=1)


RULES: Final[Mapping[str, Callable[[Any, Any, Any], bool]]] = {
    "$any": lambda values, got, whole: any(matches(value, got, whole) for value in values),
    "$not": lambda value, got, whole: not matches(value, got, whole),
    "$none": lambda _, got, __: got is None or got is MISSING,
    "$has": lambda value, got, whole: (
        isinstance(got, list) and any(matches(value, one, whole) for one in got)
    ),
    "$in_order": _in_order,
    "$re": lambda value, got, _: isinstance(got, str) and re.search(value, got) is not None,
    "$between": lambda value, got, _: is_number(got) and value[0] <= got <= value[1],
    "$len": lambda value, got, _: isinstance(got, list | str) and len(got) == value,
    "$hours_after": _hours_after,
}
"""What stands for a value, by its name: the rule's value, what came, the whole document."""


# --- answers -----------------------------------------------------------------------------------


def document_of(answer: Answer) -> Any:
    """The body as JSON; None where it is none."""
    try:
        return answer.json()
    except ValueError:
        return None


def unmet(answer: Answer, expected: Document) -> list[str]:
    """Where an answer is not the expected one."""
    statuses = expected.get("status", [200, 201, 204])
    if answer.status not in (statuses if isinstance(statuses, list) else [statuses]):
        return [f"answered {answer.status} {answer.body[:300]!r}, expected {statuses}"]
    faults = []
    document = document_of(answer)
    for path, value in (expected.get("json") or {}).items():
        got = member(document, path)
        if not matches(value, got, document):
            faults.append(f"{path} is {told(got)}, expected {told(value)}")
    for name, value in (expected.get("header") or {}).items():
        if answer.headers.get(name.lower()) != value:
            faults.append(f"{name} is {answer.headers.get(name.lower())}, expected {value}")
    words = expected.get("mentions") or []
    words = words if isinstance(words, list) else [words]
    said = " ".join((answer.body.decode(errors="replace"), *answer.headers.values())).lower()
    if words and not any(word.lower() in said for word in words):
        faults.append(f"the answer does not mention {' or '.join(words)}: {answer.body[:300]!r}")
    return faults


def problem_faults(answer: Answer) -> list[str]:
    """What is wrong with an answer as an error of this API."""
    kind, document = answer.headers.get("content-type", ""), document_of(answer)
    if not kind.startswith("application/problem+json") or not isinstance(document, dict):
        return [f"{answer.status} is no problem document: {answer.body[:200]!r}"]
    texts = all(isinstance(document.get(name), str) for name in ("type", "title", "detail"))
    if not texts or document.get("status") != answer.status:
        return [f"{answer.status} lacks type, title, detail, status: {answer.body[:200]!r}"]
    errors = document.get("errors")
    fields = {"field": {"$re": ""}, "message": {"$re": ""}}
    listed = isinstance(errors, list) and errors and all(matches(fields, e) for e in errors)
    if answer.status == 422 and not listed:
        return [f"422 does not list the fields: {answer.body[:200]!r}"]
    return []


def purchase_faults(document: Document) -> list[str]:
    """What no purchase may ever look like, whatever has happened to it."""
    amounts = {name: document.get(name, MISSING) for name in MONEY}
    wrong = [name for name, value in amounts.items() if not is_money(value) or value < 0]
    if wrong:
        return [f"{name} is {told(amounts[name])}, not money" for name in wrong]
    faults = []
    if document.get("status") not in STATUSES:
        faults.append(f"status {document.get('status')}")
    if document["held"] > 0 and document["status"] != "pending":
        faults.append(f"{document['held']} is held, and it is {document['status']}")
    if document["requested"] == 0:  # a reversal that came first: nothing was ever asked for
        return faults
    if document.get("code") not in ("00", "51", "07"):
        faults.append(f"code {document.get('code')}")
    times = ("created", "expires") if document["held"] > 0 else ("created",)
    wrong = [name for name in times if not MADE_HERE.fullmatch(str(document.get(name)))]
    faults += [f"{name} is {document.get(name)}" for name in wrong]
    return faults + _operation_faults(document.get("operations"))


def _operation_faults(operations: Any) -> list[str]:
    if not isinstance(operations, list) or not operations:
        return ["no operations"]
    for operation in operations:
        if not {"type", "amount", "code", "at"} <= set(operation):
            return [f"an operation has no type, amount, code or at: {operation}"]
    times = [operation["at"] for operation in operations]
    return [] if times == sorted(times) else ["operations are not oldest first"]
