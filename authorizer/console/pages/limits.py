"""Velocity limits put and removed: `/console/operacao/limites` and `/console/contas/…/limites`."""

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import quote

from starlette.responses import Response

from authorizer.actors.velocity_limits import VelocityLimits
from authorizer.console.access.door import page
from authorizer.console.access.visits import Visit
from authorizer.console.limit_forms import SCOPES, WINDOWS, asked_limit, fields_of
from authorizer.console.words import said
from authorizer.domain.accounts.limits import LimitTerms
from authorizer.domain.outcomes import unknown
from authorizer.http.access.roles import BOTH_READ, OPERATIONS
from authorizer.http.api.problems import InvalidRequestError, Refused, accepted
from authorizer.http.metrics import Metrics

GLOBAL: Final = "global"
OF_ALL: Final = "/console/operacao/limites"
NEW_OF_ALL: Final = "/console/operacao/novo-limite"
_OF_ACCOUNT: Final = "/console/contas/{account_id}/limites"
_NEW_OF_ACCOUNT: Final = "/console/contas/{account_id}/novo-limite"
_PUT: Final = said("O limite «%(name)s» vale a partir de agora.")
_SHADOW: Final = said("O limite «%(name)s» é avaliado na sombra a partir de agora.")
_REMOVED: Final = said("O limite «%(name)s» não existe mais.")


class Level(NamedTuple):
    """The limits of one account, or those for every account."""

    account_id: str | None
    """None: for every account."""
    known: Mapping[str, LimitTerms]

    @property
    def home(self) -> str:
        """The page that lists them."""
        if self.account_id is None:
            return OF_ALL
        return f"/console/contas/{quote(self.account_id, safe='')}"

    @property
    def new(self) -> str:
        """The page of a new one."""
        return NEW_OF_ALL if self.account_id is None else f"{self.home}/novo-limite"

    def path(self, name: str) -> str:
        """The page of one."""
        root = OF_ALL if self.account_id is None else f"{self.home}/limites"
        return f"{root}/{quote(name, safe='')}"


class _Forms:
    """What the pages of both levels do."""

    def __init__(self, limits: VelocityLimits) -> None:
        self._limits = limits

    async def ask_new(self, visit: Visit) -> Response:
        """Ask what a new limit is to be."""
        level = await self._level(visit)
        return await self._form(visit, level, None, {"janela": "day", "modo": "enforce"})

    async def ask_change(self, visit: Visit) -> Response:
        """Ask what a limit is to be from now on."""
        level = await self._level(visit)
        name = _known_name(visit, level)
        return await self._form(visit, level, name, fields_of(name, level.known[name]))

    async def put(self, visit: Visit) -> Response:
        """Say what the limit will be, and put it once that is confirmed."""
        level = await self._level(visit)
        named = visit.request.path_params.get("name")
        try:
            name, terms = asked_limit(visit.form, named)
        except InvalidRequestError as error:
            return await self._form(visit, level, named, visit.form, str(error))
        if "corrigir" in visit.form:
            if name in level.known:
                return await self._form(visit, level, name, visit.form)
            return await self._form(visit, level, None, {**visit.form, "nome": name})
        if "confirmado" not in visit.form:
            return await visit.page(
                "limit_confirm.html",
                level=level,
                name=name,
                before=level.known.get(name),
                terms=terms,
                fields={key: visit.form[key] for key in visit.form if key != "nome"},
                action=level.path(name),
            )
        by = visit.caller.by
        if level.account_id is None:
            accepted(await self._limits.put_for_all(name, terms, by))
        else:
            accepted(await self._limits.put(level.account_id, name, terms, by))
        text = _SHADOW if terms.mode.value == "shadow" else _PUT
        return visit.go(level.home, visit.translate(text) % {"name": name})

    async def ask_remove(self, visit: Visit) -> Response:
        """Say what goes, and ask for confirmation."""
        level = await self._level(visit)
        name = _known_name(visit, level)
        return await visit.page(
            "limit_remove.html",
            level=level,
            name=name,
            terms=level.known[name],
            action=f"{level.path(name)}/saida",
        )

    async def remove(self, visit: Visit) -> Response:
        """Take a limit away."""
        level = await self._level(visit)
        name, by = visit.id("name"), visit.caller.by
        if level.account_id is None:
            accepted(await self._limits.remove_for_all(name, by))
        else:
            accepted(await self._limits.remove(level.account_id, name, by))
        return visit.go(level.home, visit.translate(_REMOVED) % {"name": name})

    async def _form(
        self,
        visit: Visit,
        level: Level,
        name: str | None,
        fields: Mapping[str, str],
        problem: str = "",
    ) -> Response:
        return await visit.page(
            "limit_form.html",
            422 if problem else 200,
            level=level,
            name=name,
            fields=fields,
            problem=problem,
            windows=WINDOWS,
            scopes=SCOPES,
            is_scoped=any(fields.get(kind) for kind in SCOPES),
            action=level.new if name is None else level.path(name),
        )

    async def _level(self, visit: Visit) -> Level:
        account_id: str | None = visit.request.path_params.get("account_id")
        if account_id is None:
            return Level(None, accepted(await self._limits.of_all()))
        found = accepted(await self._limits.of_account(account_id))
        own = {limit.name: limit.terms for limit in found if not limit.is_global}
        return Level(account_id, own)


def _known_name(visit: Visit, level: Level) -> str:
    name = visit.id("name")
    if name not in level.known:
        raise Refused(unknown("limit", name))
    return name


class GlobalLimitPages:
    """The limits for every account."""

    def __init__(self, limits: VelocityLimits, metrics: Metrics) -> None:
        self._limits = limits
        self._metrics = metrics
        self._forms = _Forms(limits)

    @page("GET", OF_ALL, BOTH_READ)
    async def show(self, visit: Visit) -> Response:
        """Show the limits, and what each has declined, or would have."""
        found = accepted(await self._limits.of_all())
        hits: dict[str, dict[str, int]] = {}
        for (name, level, mode), count in self._metrics.glance().limit_hits.items():
            if level == GLOBAL:
                hits.setdefault(name, {})[mode] = count
        return await visit.page(
            "limits.html",
            level=Level(None, found),
            limits=found,
            hits=hits,
            may_change=visit.user.role in OPERATIONS,
        )

    @page("GET", NEW_OF_ALL, OPERATIONS)
    async def ask_new(self, visit: Visit) -> Response:
        """Ask what a new limit is to be."""
        return await self._forms.ask_new(visit)

    @page("POST", NEW_OF_ALL, OPERATIONS)
    async def put_new(self, visit: Visit) -> Response:
        """Say what a new limit will be."""
        return await self._forms.put(visit)

    @page("GET", OF_ALL + "/{name}", OPERATIONS)
    async def ask_change(self, visit: Visit) -> Response:
        """Ask what a limit is to be from now on."""
        return await self._forms.ask_change(visit)

    @page("POST", OF_ALL + "/{name}", OPERATIONS)
    async def put(self, visit: Visit) -> Response:
        """Put a limit on every account, once that is confirmed."""
        return await self._forms.put(visit)

    @page("GET", OF_ALL + "/{name}/saida", OPERATIONS)
    async def ask_remove(self, visit: Visit) -> Response:
        """Say what goes, and ask for confirmation."""
        return await self._forms.ask_remove(visit)

    @page("POST", OF_ALL + "/{name}/saida", OPERATIONS)
    async def remove(self, visit: Visit) -> Response:
        """Take a limit for every account away."""
        return await self._forms.remove(visit)


class AccountLimitPages:
    """The limits of one account."""

    def __init__(self, limits: VelocityLimits) -> None:
        self._forms = _Forms(limits)

    @page("GET", _NEW_OF_ACCOUNT, OPERATIONS)
    async def ask_new(self, visit: Visit) -> Response:
        """Ask what a new limit is to be."""
        return await self._forms.ask_new(visit)

    @page("POST", _NEW_OF_ACCOUNT, OPERATIONS)
    async def put_new(self, visit: Visit) -> Response:
        """Say what a new limit will be."""
        return await self._forms.put(visit)

    @page("GET", _OF_ACCOUNT + "/{name}", OPERATIONS)
    async def ask_change(self, visit: Visit) -> Response:
        """Ask what a limit is to be from now on."""
        return await self._forms.ask_change(visit)

    @page("POST", _OF_ACCOUNT + "/{name}", OPERATIONS)
    async def put(self, visit: Visit) -> Response:
        """Put a limit on an account, once that is confirmed."""
        return await self._forms.put(visit)

    @page("GET", _OF_ACCOUNT + "/{name}/saida", OPERATIONS)
    async def ask_remove(self, visit: Visit) -> Response:
        """Say what goes, and ask for confirmation."""
        return await self._forms.ask_remove(visit)

    @page("POST", _OF_ACCOUNT + "/{name}/saida", OPERATIONS)
    async def remove(self, visit: Visit) -> Response:
        """Take a limit of an account away."""
        return await self._forms.remove(visit)
