"""`/console/contas/{account_id}/situacao`: an account frozen, made active again, closed."""

from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from authorizer.console import words
from authorizer.console.access.door import page
from authorizer.console.access.forms import document_of
from authorizer.console.access.visits import Visit
from authorizer.console.desk import Desk
from authorizer.console.words import said
from authorizer.domain.accounts.commands import ReadAccount
from authorizer.domain.accounts.state import AccountStatus
from authorizer.http.access.roles import OPERATIONS
from authorizer.http.api.problems import FieldError, InvalidRequestError, accepted
from authorizer.http.balances import AccountStatusDocument

PATH: Final = "/console/contas/{account_id}/situacao"
_DONE: Final = {
    AccountStatus.ACTIVE: said("A conta %(id)s está ativa."),
    AccountStatus.FROZEN: said("A conta %(id)s está congelada: nela nada se aprova."),
    AccountStatus.CLOSED: said("A conta %(id)s está encerrada."),
}


class AccountStatusPages:
    """What an account is open for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @page("GET", PATH, OPERATIONS)
    async def ask(self, visit: Visit) -> Response:
        """Say what a status means, and ask why, and for confirmation."""
        account_id, wanted = visit.id("account_id"), visit.asked("status")
        if wanted not in {status.value for status in AccountStatus}:
            raise InvalidRequestError(FieldError("status", "must be active, frozen or closed"))
        _, account = accepted(await self._desk.actors.dispatcher.ask(ReadAccount(account_id)))
        return await visit.page(
            "account_status.html",
            account_id=account_id,
            account_path=quote(account_id, safe=""),
            now=words.ACCOUNT_STATUS[account.status],
            wanted=wanted,
        )

    @page("POST", PATH, OPERATIONS)
    async def put(self, visit: Visit) -> Response:
        """Put an account's status."""
        account_id = visit.id("account_id")
        document = document_of(visit.form, AccountStatusDocument)
        command = document.command(account_id, visit.caller.by)
        _, account = accepted(await self._desk.actors.dispatcher.ask(command))
        text = visit.translate(_DONE[account.status]) % {"id": account_id}
        return visit.go(f"/console/contas/{quote(account_id, safe='')}", text)
