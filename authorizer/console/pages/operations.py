"""`/console/operacao`: health at a glance, merchants, backups, keys and people."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any, Final

from starlette.responses import Response

from authorizer.console import words
from authorizer.console.access.door import page
from authorizer.console.access.forms import document_of
from authorizer.console.access.people import People
from authorizer.console.access.visits import Visit
from authorizer.console.desk import Desk
from authorizer.console.words import said
from authorizer.domain.access import ApiKey
from authorizer.domain.backups import PlaceOfBackups
from authorizer.domain.merchants.commands import ReadMerchants, RegisterMerchant, RemoveMerchant
from authorizer.http.access.roles import OPERATIONS, OPERATIONS_READ
from authorizer.http.api.problems import accepted
from authorizer.http.merchants import MerchantDocument
from authorizer.http.metrics import Metrics
from authorizer.http.operations import HealthCheck

MERCHANTS: Final = 200
_ROOT: Final = "/console/operacao"
_PUT: Final = said("O estabelecimento «%(name)s» conta como MCC %(mcc)s.")
_REMOVED: Final = said("O estabelecimento «%(name)s» saiu da tabela.")


class OperationPages:
    """`/console/operacao`."""

    def __init__(
        self,
        desk: Desk,
        health: HealthCheck,
        metrics: Metrics,
        keys: Callable[[], Sequence[ApiKey]],
        people: People,
        backups: Callable[[], Sequence[PlaceOfBackups]],
    ) -> None:
        """`keys` gives the API keys in force, `backups` what is noted of backups, newest last."""
        self._desk = desk
        self._health = health
        self._metrics = metrics
        self._keys = keys
        self._people = people
        self._backups = backups

    @page("GET", _ROOT, OPERATIONS_READ)
    async def health(self, visit: Visit) -> Response:
        """Show how the server does; the part of it that is live is asked for alone."""
        ready, details = self._health()
        glance, newest = self._metrics.glance(), self._backups()
        context: dict[str, Any] = {
            "ready": ready,
            "details": details,
            "gauges": [(name, glance.gauges.get(name, 0)) for name in words.GAUGES],
            "decisions": sorted(glance.decisions.items(), key=lambda each: -each[1]),
            "answer_p99_us": glance.answer_p99_us,
            "commit_p99_us": glance.commit_p99_us,
            "beyond": inf,
            "backup": newest[-1] if newest else None,
            "now_us": self._desk.clock.wall_us(),
        }
        if visit.request.headers.get("hx-request") == "true":
            return await visit.part("health_now.html", **context)
        return await visit.page("health.html", **context)

    @page("GET", f"{_ROOT}/estabelecimentos", OPERATIONS_READ)
    async def merchants(self, visit: Visit) -> Response:
        """Show the merchant overrides, all or those with a text in their name."""
        sought = visit.asked("q").lower()
        _, entries = accepted(await self._desk.actors.dispatcher.ask(ReadMerchants()))
        found = [entry for entry in entries if sought in entry[0].lower()]
        return await visit.page(
            "merchants.html",
            merchants=found[:MERCHANTS],
            count=len(found),
            sought=visit.asked("q"),
            may_change=visit.user.role in OPERATIONS,
        )

    @page("POST", f"{_ROOT}/estabelecimentos", OPERATIONS)
    async def put_merchant(self, visit: Visit) -> Response:
        """Put a merchant override in, or in the place of the one before."""
        document = document_of(visit.form, MerchantDocument)
        command = RegisterMerchant(document.name, document.mcc, visit.caller.by)
        accepted(await self._desk.actors.dispatcher.ask(command))
        names = {"name": document.name, "mcc": document.mcc}
        return visit.go(f"{_ROOT}/estabelecimentos", visit.translate(_PUT) % names)

    @page("POST", f"{_ROOT}/estabelecimentos/saida", OPERATIONS)
    async def remove_merchant(self, visit: Visit) -> Response:
        """Take a merchant override out."""
        name = document_of(visit.form, MerchantDocument, mcc="-").name
        accepted(await self._desk.actors.dispatcher.ask(RemoveMerchant(name, visit.caller.by)))
        text = visit.translate(_REMOVED) % {"name": name}
        return visit.go(f"{_ROOT}/estabelecimentos", text)

    @page("GET", f"{_ROOT}/copias", OPERATIONS_READ)
    async def backups(self, visit: Visit) -> Response:
        """Show where backups go, when the newest was taken, and whether it is known to be whole."""
        return await visit.page(
            "backups.html",
            places=self._backups()[::-1],
            position=self._health()[1]["position"],
            now_us=self._desk.clock.wall_us(),
        )

    @page("GET", f"{_ROOT}/acesso", OPERATIONS_READ)
    async def access(self, visit: Visit) -> Response:
        """Show who has a key and who may log in; neither keys nor hashes are here."""
        now_us = self._desk.clock.wall_us()
        keys = [(key, key.standing(now_us).value) for key in self._keys()]
        people = [(user, self._people.standing(user).value) for user in self._people.all()]
        return await visit.page("access.html", keys=keys, people=people)
