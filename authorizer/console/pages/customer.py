"""`/console/clientes/{customer_id}`: a person, their cards, purchases, tickets and contacts."""

from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from authorizer.actors.access_trail import AccessTrail
from authorizer.console import words
from authorizer.console.access.door import page
from authorizer.console.access.visits import Visit
from authorizer.console.desk import Desk
from authorizer.console.pages.customer_view import FULL, cards_shown, past_of
from authorizer.console.words import said
from authorizer.domain.access import AccessKind
from authorizer.http.access.masking import masked
from authorizer.http.access.roles import ACCESSES_READ, CARE, CARE_READ
from authorizer.http.api.problems import accepted, accepted_or_erased

ACCESSES: Final = 100
_NO_REASON: Final = said("Escolha um motivo: ele fica registrado.")


class CustomerPages:
    """`/console/clientes/{customer_id}`."""

    def __init__(self, desk: Desk, trail: AccessTrail) -> None:
        self._desk = desk
        self._trail = trail

    @page("GET", "/console/clientes/{customer_id}", CARE_READ)
    async def show(self, visit: Visit) -> Response:
        """Show a customer, masked until a reason is given."""
        customer_id = visit.id("customer_id")
        file = accepted(await self._desk.actors.customers.read(customer_id))
        await self._desk.audit.record(visit.request, AccessKind.DOCUMENT, [customer_id])
        is_revealed = visit.caller.sees_personal_data and visit.session.is_revealed(
            customer_id, visit.now_ns
        )
        return await visit.page(
            "customer.html",
            customer_id=customer_id,
            customer_path=quote(customer_id, safe=""),
            person=file.person if is_revealed else masked(file.person),
            is_revealed=is_revealed,
            may_reveal=visit.caller.sees_personal_data,
            may_see_accesses=visit.user.role in ACCESSES_READ,
            account=file.account,
            account_id=file.customer.account_id,
            account_path=quote(file.customer.account_id, safe=""),
            cards=cards_shown(file.cards),
            full=FULL,
            past=await past_of(self._desk, file, visit.translate),
        )

    @page("POST", "/console/clientes/{customer_id}/revelacao", CARE)
    async def reveal(self, visit: Visit) -> Response:
        """Show CPF, phone and e-mail for ten minutes; the reason goes into the access log."""
        customer_id = visit.id("customer_id")
        path = f"/console/clientes/{quote(customer_id, safe='')}"
        accepted(await self._desk.actors.customers.read(customer_id))
        reason = visit.form.get("motivo", "")
        if reason not in words.REVEAL_REASONS:
            return visit.go_with_warning(path, visit.translate(_NO_REASON))
        await self._desk.audit.record_reveal(visit.request, reason, customer_id)
        visit.session.reveal(customer_id, visit.now_ns)
        return visit.go(path)

    @page("GET", "/console/clientes/{customer_id}/acessos", ACCESSES_READ)
    async def accesses(self, visit: Visit) -> Response:
        """Show who read a customer's data, and why, newest first."""
        customer_id = visit.id("customer_id")
        accepted_or_erased(await self._desk.actors.customers.refusal(customer_id))
        found = await self._trail.page(customer_id, None, ACCESSES)
        return await visit.page(
            "accesses.html",
            customer_id=customer_id,
            customer_path=quote(customer_id, safe=""),
            accesses=[one.access for one in found],
        )
