"""The kinds of values that settings take, with what is checked of them."""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from authorizer.actors.business_hours import parse_closed_days, parse_hours, parse_weekdays
from authorizer.actors.holiday_dates import parse_calendar
from authorizer.domain.accounts.categories import CREDIT_LIMIT, PRODUCTS
from authorizer.domain.accounts.mcc_ranges import parse_ranges
from authorizer.domain.accounts.policy import LONG_HOLD_HOURS, USUAL_HOLD_HOURS
from authorizer.domain.moments import MINUTE_US
from authorizer.domain.tickets.service_levels import DEFAULT_SERVICE_LEVELS
from authorizer.followers.reports.local_days import check_time_zone


def _address(host: str) -> str:
    if host != "localhost":
        ip_address(host)
    return host


def _wallet(name: str) -> str:
    if not name.strip():
        raise ValueError("a wallet must not be blank")
    if name == CREDIT_LIMIT:  # nobody could tell from a statement which of the two paid
        raise ValueError(f"no wallet may be named {name}: that is a card's limit")
    return name


def _wallets(by_mcc: dict[str, str]) -> dict[str, str]:
    for mcc, wallet in by_mcc.items():
        if not mcc.strip():
            raise ValueError("an MCC must not be blank")
        _wallet(wallet)
    return by_mcc


def _wallets_or_none(by_name: dict[str, str]) -> dict[str, str]:
    for wallet in by_name.values():
        _wallet(wallet)
    return by_name


def _products(by_product: dict[str, str]) -> dict[str, str]:
    for product in by_product:
        if product not in PRODUCTS:
            raise ValueError(f"{product!r} is none of {', '.join(PRODUCTS)}")
    return _wallets_or_none(by_product)


def _ranges(by_mcc: dict[str, int]) -> dict[str, int]:
    parse_ranges(by_mcc)
    return by_mcc


def _hold_hours(by_mcc: dict[str, int]) -> dict[str, int]:
    _ranges({codes: hours for codes, hours in by_mcc.items() if codes != OTHER})
    return {OTHER: USUAL_HOLD_HOURS, **by_mcc}


def _readable_by(parse: Callable[[str], object]) -> AfterValidator:
    """Takes what `parse` can read; it raises ValueError for anything else."""

    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


def _holidays(text: str) -> str:
    if text != NONE:
        parse_calendar(text)
    return text


def _over(default: Mapping[str, int]) -> AfterValidator:
    """Takes some priorities' minutes; the other priorities keep the default."""

    def complete(given: dict[str, int]) -> dict[str, int]:
        unknown = given.keys() - default.keys()
        if unknown:
            raise ValueError(f"{sorted(unknown)[0]!r} is none of {', '.join(default)}")
        return {**default, **given}

    return AfterValidator(complete)


OTHER: Final = "other"
"""In a table by MCC: all codes that it does not name."""
NONE: Final = "none"
"""In the place of a wallet, or of a calendar of holidays: there is none."""
HOLD_HOURS: Final = {
    OTHER: USUAL_HOLD_HOURS,
    "3351-3999": LONG_HOLD_HOURS,
    "7011": LONG_HOLD_HOURS,
    "7512": LONG_HOLD_HOURS,
}

FIRST_RESPONSE_MINUTES: Final = {
    priority.value: level.first_response_us // MINUTE_US
    for priority, level in DEFAULT_SERVICE_LEVELS.items()
}
RESOLUTION_MINUTES: Final = {
    priority.value: level.resolution_us // MINUTE_US
    for priority, level in DEFAULT_SERVICE_LEVELS.items()
}

NEXT_RESPONSE_MINUTES: Final = {
    priority.value: level.next_response_us // MINUTE_US
    for priority, level in DEFAULT_SERVICE_LEVELS.items()
}

Minutes = Annotated[int, Field(ge=1, le=10 * 366 * 24 * 60)]
"""Up to ten years: a ticket that is due past the year 9999 could never be shown."""
FirstResponse = Annotated[dict[str, Minutes], _over(FIRST_RESPONSE_MINUTES)]
ResolutionTime = Annotated[dict[str, Minutes], _over(RESOLUTION_MINUTES)]
NextResponse = Annotated[dict[str, Minutes], _over(NEXT_RESPONSE_MINUTES)]

JournalSync = Literal["auto", "aio", "thread"]
"""The kernel, a thread, or the kernel where it can."""
Host = Annotated[str, AfterValidator(_address)]
Wallet = Annotated[str, AfterValidator(_wallet)]
WalletByMcc = Annotated[dict[str, str], AfterValidator(_wallets)]
WalletByProduct = Annotated[dict[str, str], AfterValidator(_products)]
FallbackOf = Annotated[dict[str, str], AfterValidator(_wallets_or_none)]
HoldHoursByMcc = Annotated[
    dict[str, Annotated[int, Field(ge=1, le=LONG_HOLD_HOURS)]], AfterValidator(_hold_hours)
]
PercentByMcc = Annotated[dict[str, Annotated[int, Field(ge=0, le=10_000)]], AfterValidator(_ranges)]
TimeZone = Annotated[str, _readable_by(check_time_zone)]
Hours = Annotated[str, _readable_by(parse_hours)]
Weekdays = Annotated[str, _readable_by(parse_weekdays)]
Holidays = Annotated[str, AfterValidator(_holidays)]
ClosedDays = Annotated[str, _readable_by(parse_closed_days)]
