"""`/console/busca`: one box for CPF, phone, e-mail, name, a card's last four, and protocols."""

import re
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from starlette.responses import Response

from authorizer.actors.customer_file import CustomerFile
from authorizer.console.access.door import page
from authorizer.console.access.visits import Visit
from authorizer.console.desk import Desk
from authorizer.domain.access import AccessKind
from authorizer.domain.customers.person_search import CPF, CPF_DIGITS, EMAIL, NAME, PHONE
from authorizer.domain.customers.phones import digits_of
from authorizer.domain.outcomes import Refusal
from authorizer.domain.tickets.commands import ReadTicket
from authorizer.http.access.masking import masked
from authorizer.http.access.roles import CARE_READ
from authorizer.http.api.problems import InvalidRequestError
from authorizer.http.customer_search import MAX_CRITERION_LENGTH, CustomerQuery

MAX_ROWS: Final = 20
_LAST_FOUR: Final = re.compile(r"(?:\D*\*\D*)?([0-9]{4})", re.ASCII)
_DIGITS_AND_MARKS: Final = re.compile(r"[0-9+().\-/ ]+", re.ASCII)
_LEAST_PHONE_DIGITS: Final = 6
_PROTOCOL: Final = re.compile(r"[0-9]{14,}", re.ASCII)


class Wanted(NamedTuple):
    """What a text in the box may be."""

    protocol: str | None
    last_four: str | None
    fields: tuple[str, ...]
    """Fields of the customer search in which it may be found."""


def wanted(text: str) -> Wanted:
    """What a text may be, by its form. Names have letters, e-mails an @."""
    if "@" in text:
        return Wanted(None, None, (EMAIL,))
    last_four = _LAST_FOUR.fullmatch(text)
    if last_four is not None:
        return Wanted(None, last_four[1], (CPF,) if text == last_four[1] else ())
    if not _DIGITS_AND_MARKS.fullmatch(text):
        return Wanted(None, None, (NAME,))
    digits = digits_of(text)
    if _PROTOCOL.fullmatch(digits):
        return Wanted(digits, None, (PHONE,))
    fields = [CPF] if len(digits) <= CPF_DIGITS and "+" not in text else []
    if len(digits) >= _LEAST_PHONE_DIGITS:
        fields.append(PHONE)
    return Wanted(None, None, tuple(fields))


class SearchPages:
    """`/console/busca`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @page("GET", "/console/busca", CARE_READ)
    async def find(self, visit: Visit) -> Response:
        """Find customers by what the caller says of themselves; a protocol leads to its ticket."""
        text = visit.asked("q")[:MAX_CRITERION_LENGTH]
        found: dict[str, CustomerFile] = {}
        more = refused = False
        if text:
            look = wanted(text)
            if look.protocol is not None and await self._is_ticket(look.protocol):
                return visit.go(f"/console/chamados/{look.protocol}")
            for field in look.fields:
                try:
                    files, following = await self._desk.search.look_up(
                        visit.request,
                        CustomerQuery.model_validate({field: text, "limite": MAX_ROWS}),
                    )
                except (InvalidRequestError, ValueError):  # it is none of that field, or not whole
                    refused = True
                    continue
                found |= {file.customer.customer_id: file for file in files}
                more = more or following is not None
            await self._under_id(visit, text, found)
            if look.last_four is not None:
                more = await self._ending(visit, look.last_four, found) or more
        is_part = visit.request.headers.get("hx-request") == "true"
        customers = [
            {
                "id": file.customer.customer_id,
                "path": quote(file.customer.customer_id, safe=""),
                "person": masked(file.person),
                "cards": file.cards,
            }
            for file in found.values()
        ]
        context: dict[str, Any] = {
            "q": text,
            "customers": customers,
            "more": more,
            "refused": refused,
        }
        if is_part:
            return await visit.part("search_results.html", **context)
        return await visit.page("search.html", **context)

    async def _is_ticket(self, ticket_id: str) -> bool:
        answer = await self._desk.actors.dispatcher.ask(ReadTicket(ticket_id))
        return not isinstance(answer, Refusal)

    async def _under_id(self, visit: Visit, text: str, found: dict[str, CustomerFile]) -> None:
        """Add the customer whose id it is, or the id of a card."""
        actors = self._desk.actors
        owner = await actors.cards.owner(text)
        file = await actors.customers.read(text if isinstance(owner, Refusal) else owner)
        if not isinstance(file, Refusal):
            customer_id = file.customer.customer_id
            await self._desk.audit.record(visit.request, AccessKind.SEARCH, [customer_id])
            found[customer_id] = file

    async def _ending(self, visit: Visit, last_four: str, found: dict[str, CustomerFile]) -> bool:
        """Add the customers with a card that ends in these digits; whether there are more."""
        cards: Any = await self._desk.reports.query(
            "cards_ending", last_four=last_four, limit=MAX_ROWS
        )
        ids = dict.fromkeys(row["customer_id"] for row in cards["rows"])
        files = [await self._desk.actors.customers.read(customer_id) for customer_id in ids]
        shown = [file for file in files if not isinstance(file, Refusal)]
        await self._desk.audit.record(
            visit.request, AccessKind.SEARCH, [file.customer.customer_id for file in shown]
        )
        found |= {file.customer.customer_id: file for file in shown}
        return bool(cards["more"])
