"""The form of a velocity limit, held to the limit document of the HTTP interface."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from authorizer.console.access.forms import document_of
from authorizer.domain.accounts.limits import CALENDAR_WINDOWS, TRANSACTION, LimitTerms
from authorizer.domain.money import format_cents
from authorizer.http.api.fields import Identity
from authorizer.http.api.problems import FieldError, InvalidRequestError
from authorizer.http.api.wire import checked
from authorizer.http.limits import LimitDocument

SCOPES: Final = ("wallets", "mccs", "merchants", "cards")
TRAILING: Final = ("PT1H", "PT24H", "P7D", "P30D")
"""Trailing windows that the form offers; another one is written as its duration."""
WINDOWS: Final = (TRANSACTION, *CALENDAR_WINDOWS, *TRAILING)
_AMOUNT: Final = {
    "pt-BR": re.compile(r"(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d{1,2})?", re.ASCII),
    "en": re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,2})?", re.ASCII),
}
_MAX_DIGITS: Final = 20


class AskedLimit(NamedTuple):
    """A limit that a form asks for."""

    name: str
    terms: LimitTerms


def asked_limit(form: Mapping[str, str], name: str | None = None) -> AskedLimit:
    """The limit of a form; `name` where the path names it.

    A duration that is written counts before the window that is chosen.

    Raises:
        InvalidRequestError: fields are missing or can't be taken.
    """
    name = checked(Identity, form.get("nome", "") if name is None else name, "nome")
    given: dict[str, Any] = {"mode": form.get("modo", "")}
    window = form.get("duracao") or form.get("janela")
    if window:
        given["window"] = window
    if "valor" in form:
        given["max_amount"] = reais_of(form["valor"])
    if "compras" in form:
        given["max_count"] = _whole(form["compras"])
    scope = {kind: _lines(form.get(kind, "")) for kind in SCOPES}
    document = document_of(form, LimitDocument, scope=scope, **given)
    return AskedLimit(name, document.terms())


def reais_of(text: str) -> Decimal:
    """An amount as people write it: `1.234,56` or `1,234.56`, with or without the thousands apart.

    Both languages are read, whichever is shown: no text means another amount in the other, since
    a group has three digits and cents have at most two.

    Raises:
        InvalidRequestError: it is none.
    """
    bare = text.removeprefix("R$").strip()
    if len(bare) <= _MAX_DIGITS:
        if _AMOUNT["pt-BR"].fullmatch(bare):
            return Decimal(bare.replace(".", "").replace(",", "."))
        if _AMOUNT["en"].fullmatch(bare):
            return Decimal(bare.replace(",", ""))
    raise InvalidRequestError(FieldError("valor", "must be an amount such as 1.234,56"))


def fields_of(name: str, terms: LimitTerms) -> dict[str, str]:
    """The fields of a form that would ask for a limit as it stands."""
    is_offered = terms.window in WINDOWS
    amount_cents = terms.max_amount_cents
    fields = {
        "nome": name,
        "janela": terms.window if is_offered else "",
        "duracao": "" if is_offered else terms.window,
        "valor": "" if amount_cents is None else format_cents(amount_cents).replace(".", ","),
        "compras": "" if terms.max_count is None else str(terms.max_count),
        "modo": terms.mode.value,
    }
    return fields | {kind: "\n".join(getattr(terms.scope, kind)) for kind in SCOPES}


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > _MAX_DIGITS:
        raise InvalidRequestError(FieldError("compras", "must be a whole number"))
    return int(text)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
