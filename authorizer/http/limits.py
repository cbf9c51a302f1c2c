"""Velocity limits of an account, and those for every account."""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StrictStr, WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.velocity_limits import VelocityLimits
from authorizer.domain.accounts.limits import (
    CALENDAR_WINDOWS,
    TRANSACTION,
    LimitMode,
    LimitScope,
    LimitTerms,
    LimitView,
)
from authorizer.domain.moments import DAY_US, HOUR_US, MINUTE_US, SECOND_US, moment_text
from authorizer.http.access.control import caller_of
from authorizer.http.access.roles import OPERATIONS, PURCHASES_READ
from authorizer.http.api.endpoints import UNCHANGED, endpoint
from authorizer.http.api.fields import (
    WHOLE,
    CardIdText,
    Cents,
    Cursor,
    Document,
    Identity,
    MccText,
    MerchantName,
    Moment,
    Money,
    Wallet,
)
from authorizer.http.api.problems import accepted
from authorizer.http.api.query import query_of
from authorizer.http.api.wire import checked, json_response, money, read_document
from authorizer.http.limit_pages import LimitsQuery

SECONDS: Final = "PT([1-9][0-9]{1,5}|1[0-9]{6}|2[0-5][0-9]{5})S"
MINUTES: Final = "PT([1-9][0-9]{0,3}|[1-3][0-9]{4}|4[0-3][0-9]{3})M"
HOURS: Final = "PT([1-9][0-9]{0,1}|[1-6][0-9]{2}|7[0-3][0-9])H"
DAYS: Final = "P([1-9]|[12][0-9]|3[01])D"
WEEKS: Final = "P[1-4]W"
"""Durations of one unit that are within the bounds whatever their digits."""
MIXED: Final = "P([0-9]{1,2}D)?(T([0-9]{1,4}H)?([0-9]{1,6}M)?([0-9]{1,8}S)?)?"
"""Durations of several units: a pattern cannot tell whether their sum is within the bounds."""
_DURATION: Final = re.compile(
    r"P(?:(\d{1,2})D)?(?:T(?=\d)(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?", re.ASCII
)
_WEEKS: Final = re.compile(WEEKS)
_MIN_US, _MAX_US = 10 * SECOND_US, 31 * DAY_US
_MAX_NAMES = 200


def trailing_us(window: str) -> int | None:
    """The length of a trailing window; None for another text."""
    if _WEEKS.fullmatch(window):
        return int(window[1]) * 7 * DAY_US
    match = _DURATION.fullmatch(window)
    if match is None or window == "P":
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return days * DAY_US + hours * HOUR_US + minutes * MINUTE_US + seconds * SECOND_US


def _window(text: str) -> str:
    if text != TRANSACTION and text not in CALENDAR_WINDOWS:
        length_us = trailing_us(text)
        if length_us is None or not _MIN_US <= length_us <= _MAX_US:
            words = ", ".join((TRANSACTION, *CALENDAR_WINDOWS))
            raise ValueError(f"must be one of {words}, or a duration from PT10S to P31D")
    return text


_WORDS: Final = "|".join((TRANSACTION, *CALENDAR_WINDOWS))
WINDOW_PATTERN: Final = f"^({_WORDS}|{SECONDS}|{MINUTES}|{HOURS}|{DAYS}|{WEEKS}|{MIXED})$"
Window = Annotated[
    StrictStr,
    AfterValidator(_window),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": WINDOW_PATTERN,
            "description": "A calendar window, or the length of a trailing one: PT10S to P31D.",
        }
    ),
]
Count = Annotated[int, Field(ge=0, le=2**31), WHOLE]


class ScopeDocument(Document):
    """Which purchases count; all kinds that are named must fit."""

    wallets: list[Wallet] = Field(default_factory=list, max_length=_MAX_NAMES)
    mccs: list[MccText] = Field(default_factory=list, max_length=_MAX_NAMES)
    merchants: list[MerchantName] = Field(default_factory=list, max_length=_MAX_NAMES)
    cards: list[CardIdText] = Field(default_factory=list, max_length=_MAX_NAMES)


class LimitDocument(Document):
    """How much, and how often, may be spent in a window; ceilings are inclusive, null is none."""

    window: Window
    max_amount: Cents | None = None
    max_count: Count | None = None
    scope: ScopeDocument | None = None
    mode: Literal["enforce", "shadow"] = "enforce"

    def terms(self) -> LimitTerms:
        """The limit as the rules know it."""
        scope = self.scope or ScopeDocument()
        return LimitTerms(
            self.window,
            trailing_us(self.window),
            self.max_amount,
            self.max_count,
            LimitScope(
                tuple(scope.wallets),
                tuple(scope.mccs),
                tuple(scope.merchants),
                tuple(scope.cards),
            ),
            LimitMode(self.mode),
        )


class Scope(TypedDict):
    """Which purchases count; an empty list fits all."""

    wallets: list[str]
    mccs: list[str]
    merchants: list[str]
    cards: list[str]


class GlobalLimit(TypedDict):
    """A limit for every account, each counted by itself."""

    name: str
    window: str
    max_amount: Money | None
    max_count: int | None
    scope: Scope
    mode: Literal["enforce", "shadow"]


class Limit(GlobalLimit):
    """A limit, what an account has used of it, and when something becomes free by itself."""

    level: Annotated[
        Literal["account", "global"],
        Field(description="Whether it is the account's own, or one for every account."),
    ]
    used_amount: Annotated[
        Money | None, Field(description="Null while the account has not begun to count.")
    ]
    used_count: int | None
    renews_at: Moment | None


class Limits(TypedDict):
    """An account's own limits, then those for every account, with what it has used of them."""

    account: str
    limits: list[Limit]
    next: Cursor | None


class GlobalLimits(TypedDict):
    """The limits for every account.

    One holds for each purchase alone on an account whose count of it can't begin yet.
    """

    limits: list[GlobalLimit]
    next: Cursor | None


class LimitEndpoints:
    """`/accounts/{account}/limits` and `/limits`."""

    def __init__(self, limits: VelocityLimits) -> None:
        self._limits = limits

    @endpoint(
        "GET",
        "/accounts/{account}/limits",
        PURCHASES_READ,
        query=LimitsQuery,
        answers={200: Limits},
    )
    async def list_own(self, request: Request) -> Response:
        """List an account's limits and those for every account, with what is used of each."""
        account_id = request.path_params["account"]
        found = accepted(await self._limits.of_account(account_id))
        by_place = {(view.is_global, view.name): view for view in found}
        page, cursor = query_of(request, LimitsQuery).page_of(by_place)
        limits = list(map(_limit, page))
        return json_response({"account": account_id, "limits": limits, "next": cursor})

    @endpoint("GET", "/accounts/{account}/limits/{name}", PURCHASES_READ, answers={200: Limit})
    async def get_own(self, request: Request) -> Response:
        """Describe a limit of an account, and what is used of it."""
        account_id, name = request.path_params["account"], request.path_params["name"]
        return json_response(_limit(accepted(await self._limits.one(account_id, name))))

    @endpoint(
        "PUT",
        "/accounts/{account}/limits/{name}",
        OPERATIONS,
        body=LimitDocument,
        answers={201: Limit, 200: Limit},
        problems=(409,),
        repeated=UNCHANGED,
    )
    async def put_own(self, request: Request) -> Response:
        """Put a limit on an account; earlier purchases in its window count."""
        document = await read_document(request, LimitDocument)
        account_id = request.path_params["account"]
        name = checked(Identity, request.path_params["name"], "name")
        by = caller_of(request).by
        done, view = accepted(await self._limits.put(account_id, name, document.terms(), by))
        return json_response(_limit(view), 201 if done.created else 200)

    @endpoint(
        "DELETE",
        "/accounts/{account}/limits/{name}",
        OPERATIONS,
        answers={204: None},
        repeated="404.",
    )
    async def remove_own(self, request: Request) -> Response:
        """Take a limit of an account away."""
        account_id, name = request.path_params["account"], request.path_params["name"]
        accepted(await self._limits.remove(account_id, name, caller_of(request).by))
        return Response(status_code=204)

    @endpoint("GET", "/limits", PURCHASES_READ, query=LimitsQuery, answers={200: GlobalLimits})
    async def list_global(self, request: Request) -> Response:
        """List the limits for every account."""
        found = accepted(await self._limits.of_all())
        by_place = {(True, name): _terms(name, terms) for name, terms in found.items()}
        limits, cursor = query_of(request, LimitsQuery).page_of(by_place)
        return json_response({"limits": limits, "next": cursor})

    @endpoint("GET", "/limits/{name}", PURCHASES_READ, answers={200: GlobalLimit})
    async def get_global(self, request: Request) -> Response:
        """Describe a limit for every account."""
        name = request.path_params["name"]
        return json_response(_terms(name, accepted(await self._limits.one_of_all(name))))

    @endpoint(
        "PUT",
        "/limits/{name}",
        OPERATIONS,
        body=LimitDocument,
        answers={201: GlobalLimit, 200: GlobalLimit},
        problems=(409,),
        repeated=UNCHANGED,
    )
    async def put_global(self, request: Request) -> Response:
        """Put a limit on every account, each counted by itself."""
        document = await read_document(request, LimitDocument)
        name = checked(Identity, request.path_params["name"], "name")
        terms = document.terms()
        done = accepted(await self._limits.put_for_all(name, terms, caller_of(request).by))
        return json_response(_terms(name, terms), 201 if done.created else 200)

    @endpoint("DELETE", "/limits/{name}", OPERATIONS, answers={204: None}, repeated="404.")
    async def remove_global(self, request: Request) -> Response:
        """Take a limit for every account away."""
        name, by = request.path_params["name"], caller_of(request).by
        accepted(await self._limits.remove_for_all(name, by))
        return Response(status_code=204)


def _limit(view: LimitView) -> dict[str, Any]:
    renews_at_us, used_cents = view.renews_at_us, view.used_cents
    return {
        **_terms(view.name, view.terms),
        "level": "global" if view.is_global else "account",
        "used_amount": None if used_cents is None else money(used_cents),
        "used_count": view.used_count,
        "renews_at": None if renews_at_us is None else moment_text(renews_at_us),
    }


def _terms(name: str, terms: LimitTerms) -> dict[str, Any]:
    most_cents = terms.max_amount_cents
    return {
        "name": name,
        "window": terms.window,
        "max_amount": None if most_cents is None else money(most_cents),
        "max_count": terms.max_count,
        "scope": terms.scope._asdict(),
        "mode": terms.mode.value,
    }
