"""`/console/conta`: one's own account, with its passkeys."""

from base64 import urlsafe_b64encode
from typing import Final

from starlette.responses import Response

from authorizer.actors.clock import Clock
from authorizer.console.access.door import ANY_ROLE, page
from authorizer.console.access.passkeys import MAX_NAME, Passkeys
from authorizer.console.access.people import LogIn, People
from authorizer.console.access.sessions import CONFIRMED_NS
from authorizer.console.access.visits import Visit
from authorizer.console.rendering import HEADERS
from authorizer.console.words import said
from authorizer.domain.access import AccessKind
from authorizer.domain.people import Passkey
from authorizer.http.access.audit import Audit

ACCOUNT: Final = "/console/conta"
_WRONG: Final = said("A senha atual ou o código não confere.")
_AGAIN: Final = said("Confirme a senha e o código outra vez.")
_NOT_TAKEN: Final = said("A chave não foi aceita. Tente de novo.")
_ADDED: Final = said("A chave de acesso «%(name)s» está pronta.")
_REMOVED: Final = said("A chave de acesso não entra mais.")


class OwnAccountPages:
    """`/console/conta`. A passkey is made only by whoever has just given password and code."""

    def __init__(self, people: People, passkeys: Passkeys, clock: Clock, audit: Audit) -> None:
        self._people = people
        self._passkeys = passkeys
        self._clock = clock
        self._audit = audit

    @page("GET", ACCOUNT, ANY_ROLE)
    async def show(self, visit: Visit) -> Response:
        """Show who one is and one's passkeys."""
        return await _shown(visit)

    @page("POST", ACCOUNT, ANY_ROLE)
    async def confirm(self, visit: Visit) -> Response:
        """Take password and code once more, for what needs them."""
        given = visit.form.get("atual", ""), visit.form.get("codigo", "")
        tried = await self._people.log_in(visit.user.user_id, *given)
        if tried.outcome is not LogIn.DONE:
            return await _shown(visit, _WRONG)
        visit.session.confirmed_until_ns = visit.now_ns + CONFIRMED_NS
        return visit.go(ACCOUNT)

    @page("GET", f"{ACCOUNT}/desafio", ANY_ROLE)
    async def challenge(self, visit: Visit) -> Response:
        """What the browser asks an authenticator, to make a passkey."""
        if not _is_confirmed(visit):
            return Response(status_code=409, headers=dict(HEADERS))
        options = await self._passkeys.options_to_add(visit.request, visit.user, visit.session.csrf)
        return Response(options, headers=dict(HEADERS), media_type="application/json")

    @page("POST", f"{ACCOUNT}/chaves", ANY_ROLE)
    async def add(self, visit: Visit) -> Response:
        """Add the passkey that an authenticator has made."""
        if not _is_confirmed(visit):
            return await _shown(visit, _AGAIN)
        name = visit.form.get("nome", "")[:MAX_NAME]
        whose, answer = visit.session.csrf, visit.form.get("resposta", "")
        made = await self._passkeys.made(visit.request, visit.user, whose, answer)
        if not name or made is None:
            return await _shown(visit, _NOT_TAKEN)
        await self._audit.record_visit(visit.request, AccessKind.PASSKEY_ADDED)
        passkey = made._replace(name=name, created_at_us=self._clock.wall_us())
        if not await self._passkeys.keep(visit.user, passkey):
            return await _shown(visit, _NOT_TAKEN)
        visit.session.confirmed_until_ns = 0
        return visit.go(ACCOUNT, visit.translate(_ADDED) % {"name": name})

    @page("POST", f"{ACCOUNT}/chaves/saida", ANY_ROLE)
    async def remove(self, visit: Visit) -> Response:
        """Have one of one's passkeys be good no more."""
        known = {_shown_id(key): key.credential_id for key in visit.user.passkeys}
        shown = visit.form.get("chave", "")
        if shown in known:
            await self._audit.record_visit(visit.request, AccessKind.PASSKEY_REMOVED)
            await self._passkeys.remove(visit.user, known[shown])
        return visit.go(ACCOUNT, visit.translate(_REMOVED))


def _shown_id(passkey: Passkey) -> str:
    return urlsafe_b64encode(passkey.credential_id).decode().rstrip("=")


async def _shown(visit: Visit, text: str = "") -> Response:
    passkeys = [(key, _shown_id(key)) for key in visit.user.passkeys]
    return await visit.page(
        "own_account.html",
        422 if text else 200,
        text=text,
        passkeys=passkeys,
        is_confirmed=_is_confirmed(visit),
    )


def _is_confirmed(visit: Visit) -> bool:
    return visit.now_ns < visit.session.confirmed_until_ns
