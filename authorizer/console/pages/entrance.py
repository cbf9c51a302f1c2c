"""`/console/entrar`: log-in and log-out, each on record."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from authorizer.console.access.cookies import (
    BEFORE,
    SESSION,
    EntranceForms,
    came_by_tls,
    new_mark,
    put,
    session_tokens,
    take_away,
)
from authorizer.console.access.door import ANY_ROLE, ENTRANCE, Door, page
from authorizer.console.access.forms import read_form
from authorizer.console.access.passkeys import Passkeys
from authorizer.console.access.passwords import TooManyLogInsError
from authorizer.console.access.people import LogIn, Tried
from authorizer.console.access.same_origin import is_from_here
from authorizer.console.access.visits import Visit
from authorizer.console.formats import LANGUAGES
from authorizer.console.rendering import HEADERS, LANGUAGE_COOKIE
from authorizer.console.words import said
from authorizer.domain.access import AccessKind, Caller
from authorizer.domain.outcomes import unknown
from authorizer.http.access.audit import Audit
from authorizer.http.access.control import CALLER
from authorizer.http.api.problems import Refused

HOME: Final = "/console"
_REFUSED: Final = said(
    "Nome, senha ou código não conferem, ou houve tentativas demais. "
    "Espere um pouco e tente de novo."
)
_REFUSED_PASSKEY: Final = said("Esta chave de acesso não foi aceita. Entre com senha e código.")
_OLD_FORM: Final = said("O formulário é antigo. Tente de novo.")
_BUSY: Final = said("Há entradas demais neste momento. Tente de novo daqui a pouco.")
_MAX_FIELD: Final = 256


class Entrance:
    """Log-in, for those who are not logged in."""

    def __init__(self, door: Door, passkeys: Passkeys, audit: Audit) -> None:
        self._door = door
        self._passkeys = passkeys
        self._audit = audit
        self._forms = EntranceForms()

    def routes(self) -> list[Route]:
        """The routes of the log-in, and of the language: no session is needed."""
        return [
            Route(ENTRANCE, self._answer, methods=["GET", "POST"]),
            Route(f"{ENTRANCE}/desafio", self._challenge, methods=["GET"]),
            Route(f"{ENTRANCE}/chave", self._log_in_by_passkey, methods=["POST"]),
            Route("/console/idioma", self._language, methods=["GET"]),
        ]

    async def _answer(self, request: Request) -> Response:
        if not self._door.people.has_any:
            return await self._door.rendering.page(request, "nobody.html")
        if request.method == "POST":
            return await self._log_in(request)
        if self._door.session_of(request) is not None:
            return RedirectResponse(HOME, 303, dict(HEADERS))
        return await self._form(request, request.query_params.get("para", ""))

    async def _form(self, request: Request, wanted: str, text: str = "") -> Response:
        mark = request.cookies.get(BEFORE) or new_mark()
        response = await self._door.rendering.page(
            request,
            "entrance.html",
            403 if text else 200,
            token=self._forms.token_for(mark),
            wanted=_own_path(wanted),
            text=text,
        )
        put(response, BEFORE, mark, secure=False)
        return response

    async def _log_in(self, request: Request) -> Response:
        form = await read_form(request)
        wanted = _own_path(form.get("para", ""))
        given = [form.get(name, "")[:_MAX_FIELD] for name in ("nome", "senha", "codigo")]
        if not self._comes_from_here(request, form):
            return await self._form(request, wanted, _OLD_FORM)
        try:
            outcome, user = await self._door.people.log_in(*given)
        except TooManyLogInsError:
            return await self._form(request, wanted, _BUSY)
        tried = Tried(outcome, user)
        return await self._let_in(request, tried, wanted, AccessKind.LOG_IN, _REFUSED)

    async def _challenge(self, request: Request) -> Response:
        """What the browser asks an authenticator; only for the browser that has the form."""
        mark = request.cookies.get(BEFORE, "")
        if not mark:
            return Response(status_code=403, headers=dict(HEADERS))
        options = await self._passkeys.options_to_log_in(request, mark)
        return Response(options, headers=dict(HEADERS), media_type="application/json")

    async def _log_in_by_passkey(self, request: Request) -> Response:
        form = await read_form(request)
        wanted = _own_path(form.get("para", ""))
        if not self._comes_from_here(request, form):
            return await self._form(request, wanted, _OLD_FORM)
        mark = request.cookies.get(BEFORE, "")
        tried = await self._passkeys.log_in(request, mark, form.get("resposta", ""))
        kind = AccessKind.PASSKEY_LOG_IN
        return await self._let_in(request, tried, wanted, kind, _REFUSED_PASSKEY)

    def _comes_from_here(self, request: Request, form: Mapping[str, str]) -> bool:
        return is_from_here(request) and self._forms.comes_from_here(request, form.get("token", ""))

    async def _let_in(
        self, request: Request, tried: Tried, wanted: str, kind: AccessKind, refused: str
    ) -> Response:
        """Begin a session, or say that there is none; both are recorded first."""
        outcome, user = tried
        if outcome is LogIn.REFUSED and user is not None:
            await self._record(request, user.caller, AccessKind.LOG_IN_REFUSED)
        if outcome is not LogIn.DONE or user is None:
            return await self._form(request, wanted, refused)
        await self._record(request, user.caller, kind)
        for token, _ in session_tokens(request):
            self._door.sessions.end(token)
        secure = came_by_tls(request)
        token, _ = self._door.sessions.begin(user.user_id, user.password_hash, secure)
        response = RedirectResponse(wanted or HOME, 303, dict(HEADERS))
        take_away(response, BEFORE)
        put(response, SESSION, token, secure)
        return response

    async def _record(self, request: Request, caller: Caller, kind: AccessKind) -> None:
        request.scope[CALLER] = caller
        await self._audit.record_visit(request, kind)

    async def _language(self, request: Request) -> Response:
        """Choose a language; nothing else changes."""
        wanted = request.query_params.get("l", "")
        path = _own_path(request.query_params.get("para", "")) or HOME
        response = RedirectResponse(path, 303, dict(HEADERS))
        if wanted in LANGUAGES:
            response.set_cookie(
                LANGUAGE_COOKIE, wanted, max_age=31_536_000, httponly=True, samesite="strict"
            )
        return response


class Exit:
    """Log-out."""

    def __init__(self, door: Door, audit: Audit) -> None:
        self._door = door
        self._audit = audit

    @page("POST", "/console/sair", ANY_ROLE)
    async def log_out(self, visit: Visit) -> Response:
        """End the session."""
        await self._audit.record_visit(visit.request, AccessKind.LOG_OUT)
        for token, _ in session_tokens(visit.request):
            self._door.sessions.end(token)
        response = RedirectResponse(ENTRANCE, 303, {**HEADERS, "Clear-Site-Data": '"cache"'})
        take_away(response, SESSION)
        return response


class Nowhere:
    """Addresses at which there is no page. The last of all routes."""

    @page("GET", "/console/{rest:path}", ANY_ROLE)
    async def refuse(self, visit: Visit) -> Response:
        """Say that there is none."""
        raise Refused(unknown("page", visit.request.url.path))


def _own_path(path: str) -> str:
    """A path of the console; empty for anything else, another site's address for one."""
    is_own = path == HOME or path.startswith((f"{HOME}/", f"{HOME}?"))
    steps = unquote(path.partition("?")[0]).split("/")[1:]
    is_plain = ".." not in steps and "." not in steps and "" not in steps[:-1]
    return path if is_own and is_plain and "\\" not in path and path.isprintable() else ""
