"""`/console/primeiro-acesso` and `/console/senha`: a password of one's own, and a second factor."""

from typing import Final

from starlette.responses import Response

from authorizer.console.access.door import ANY_ROLE, SETUP, page
from authorizer.console.access.passwords import MAX_LENGTH, MIN_LENGTH
from authorizer.console.access.people import ChangeUser, LogIn, People
from authorizer.console.access.second_factor import (
    new_secret,
    pairing_address,
    pairing_picture,
)
from authorizer.console.access.visits import Visit
from authorizer.console.words import said
from authorizer.domain.access import AccessKind
from authorizer.domain.people import User
from authorizer.http.access.audit import Audit

PASSWORD: Final = "/console/senha"  # noqa: S105 - a path
_TOO_SHORT: Final = said("A senha precisa de pelo menos 12 caracteres, e não pode ser o seu nome.")
_DIFFERENT: Final = said("As duas senhas não são iguais.")
_WRONG_CODE: Final = said("O código não confere. Espere o próximo e tente de novo.")
_WRONG_PASSWORD: Final = said("A senha atual não confere.")
_CHANGED: Final = said("A senha foi mudada. As outras sessões terminaram.")


class SetupPages:
    """Where people choose a password, at first with the second factor."""

    def __init__(self, people: People, change: ChangeUser, audit: Audit) -> None:
        self._people = people
        self._change = change
        self._audit = audit

    @page("GET", SETUP, ANY_ROLE, in_setup=True)
    async def begin(self, visit: Visit) -> Response:
        """Show the secret of the second factor, and ask for a password."""
        return await self._begin(visit)

    @page("POST", SETUP, ANY_ROLE, in_setup=True)
    async def finish(self, visit: Visit) -> Response:
        """Take the password and the paired factor; the one-time password is good no more."""
        user, secret = visit.user, visit.session.new_totp_secret
        problem = _problem_of(visit, user)
        if problem is not None or secret is None:
            return await self._begin(visit, problem or _WRONG_CODE)
        if not self._people.takes_code(user.user_id, secret, visit.form.get("codigo", "")):
            return await self._begin(visit, _WRONG_CODE)
        await self._put_password(visit, secret)
        visit.session.new_totp_secret = None
        return visit.go("/console", visit.translate(said("Tudo pronto. Bom trabalho!")))

    @page("GET", PASSWORD, ANY_ROLE)
    async def ask_password(self, visit: Visit) -> Response:
        """Ask for another password."""
        return await visit.page("password.html", text="")

    @page("POST", PASSWORD, ANY_ROLE)
    async def change_password(self, visit: Visit) -> Response:
        """Put another password in the place of the one before."""
        user = visit.user
        problem = _problem_of(visit, user)
        if problem is None:
            tried = await self._people.log_in(
                user.user_id, visit.form.get("atual", ""), visit.form.get("codigo", "")
            )
            problem = None if tried.outcome is LogIn.DONE else _WRONG_PASSWORD
        if problem is not None:
            return await visit.page("password.html", 422, text=problem)
        await self._put_password(visit, user.totp_secret)
        return visit.go("/console", visit.translate(_CHANGED))

    async def _begin(self, visit: Visit, text: str = "") -> Response:
        session = visit.session
        if session.new_totp_secret is None:
            session.new_totp_secret = new_secret()
        address = pairing_address(session.new_totp_secret, visit.user.user_id)
        return await visit.page(
            "setup.html",
            422 if text else 200,
            text=text,
            secret=session.new_totp_secret,
            picture=pairing_picture(address),
        )

    async def _put_password(self, visit: Visit, totp_secret: str | None) -> None:
        """Other sessions end with the hash that they began with; this one goes on."""
        new_hash = await self._people.passwords.hashed(visit.form["senha"])
        await self._audit.record_visit(visit.request, AccessKind.PASSWORD_CHANGED)
        await self._change(
            visit.user.user_id,
            lambda user: user._replace(
                password_hash=new_hash, totp_secret=totp_secret, invited_until_us=None
            ),
        )
        visit.session.password_hash = new_hash


def _problem_of(visit: Visit, user: User) -> str | None:
    password = visit.form.get("senha", "")
    is_name = password.lower() in (user.user_id, user.name.lower())
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH or is_name:
        return _TOO_SHORT
    return None if visit.form.get("outra-vez") == password else _DIFFERENT
