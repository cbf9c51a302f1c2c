"""`/console/clientes/{customer_id}/contestacoes/{position}`: a holder contests a purchase."""

from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response

from authorizer.actors.customer_file import CustomerFile
from authorizer.console.access.door import page
from authorizer.console.access.forms import document_of
from authorizer.console.access.visits import Visit
from authorizer.console.desk import Desk
from authorizer.console.formats import PORTUGUESE, Formats
from authorizer.console.pages.customer_view import CONTESTABLE, contest_id, last_four
from authorizer.console.words import said
from authorizer.domain.access import AccessKind
from authorizer.domain.money import MAX_JSON_INT
from authorizer.domain.outcomes import unknown
from authorizer.http.access.roles import CARE
from authorizer.http.api.problems import Refused, accepted
from authorizer.http.ticket_requests import TicketDocument

CATEGORY: Final = "contestacao"
SUBJECT: Final = "Contestação de compra"
_OPENED: Final = said("A contestação foi aberta, sob o protocolo %(ticket)s.")
_PATH: Final = "/console/clientes/{customer_id}/contestacoes/{position:int}"


class ContestPages:
    """A purchase contested: a ticket under an id made of it, so that there is one at most."""

    def __init__(self, desk: Desk, formats: Formats) -> None:
        """`formats` writes the ticket's text, which is Portuguese whoever opens it."""
        assert formats.language == PORTUGUESE
        self._desk = desk
        self._formats = formats

    @page("GET", _PATH, CARE)
    async def ask(self, visit: Visit) -> Response:
        """Show the purchase, and ask why it is contested."""
        file, row = await self._purchase(visit)
        customer_id = file.customer.customer_id
        await self._desk.audit.record(visit.request, AccessKind.DOCUMENT, [customer_id])
        return await visit.page(
            "contest.html",
            name=file.person.name,
            customer_path=quote(customer_id, safe=""),
            row=row,
            amount_cents=int(row["amount_cents"]),
            last_four=_last_four(file, row),
        )

    @page("POST", _PATH, CARE)
    async def contest(self, visit: Visit) -> Response:
        """Open the ticket of a contested purchase, or go to the one that was opened before."""
        file, row = await self._purchase(visit)
        customer_id = file.customer.customer_id
        client_id = contest_id(row["position"])
        ticket_id = self._desk.actors.tickets.opened_under(customer_id, client_id)
        if ticket_id is None:
            card_ids = [card.card_id for card in file.cards]
            document = document_of(
                visit.form,
                TicketDocument,
                assunto=SUBJECT,
                categoria=CATEGORY,
                descricao=self._description(row, visit.form.get("descricao", "")),
                cartao_id=row["card_id"] if row["card_id"] in card_ids else None,
                id=client_id,
            )
            command = document.command(customer_id, client_id, visit.caller.by)
            _, opened = accepted(await self._desk.actors.tickets.open(command))
            ticket_id = opened.ticket.ticket_id
        done = visit.translate(_OPENED) % {"ticket": ticket_id}
        return visit.go(f"/console/chamados/{ticket_id}", done)

    async def _purchase(self, visit: Visit) -> tuple[CustomerFile, dict[str, Any]]:
        """The customer, and the line of the statement that the path names.

        Raises:
            Refused: there is no such customer, or no such purchase of theirs.
        """
        file = accepted(await self._desk.actors.customers.read(visit.id("customer_id")))
        position: int = visit.request.path_params["position"]
        if position >= MAX_JSON_INT:  # no journal comes so far, and no table takes it
            raise Refused(unknown("purchase", str(position)))
        page: Any = await self._desk.reports.query(
            "statement", account_id=file.customer.account_id, limit=1, before=[position + 1]
        )
        rows = [row for row in page["rows"] if row["position"] == position]
        if not rows or rows[0]["type"] not in CONTESTABLE:
            raise Refused(unknown("purchase", str(position)))
        return file, rows[0]

    def _description(self, row: dict[str, Any], said_by_holder: str) -> str:
        """What the ticket tells: the purchase, by which it is found again, then the holder."""
        about = (
            f"Compra de {self._formats.money(int(row['amount_cents']))} em "
            f"{self._formats.moment(row['at_us'])}, {' '.join((row['merchant'] or '').split())}"
        )
        number = row["id"] or f"posição {row['position']}"
        return f"{about} (compra {number}).\n\n{said_by_holder}".strip()


def _last_four(file: CustomerFile, row: dict[str, Any]) -> str:
    return next((last_four(card) for card in file.cards if card.card_id == row["card_id"]), "")
