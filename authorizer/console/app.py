"""The console put together: its pages over the services of the HTTP interface."""

from collections.abc import Callable, Sequence
from itertools import chain
from zoneinfo import ZoneInfo

from starlette.routing import BaseRoute

from authorizer.console.access.challenges import Challenges
from authorizer.console.access.door import Door, pages_of
from authorizer.console.access.passkeys import Passkeys
from authorizer.console.access.people import ChangeUser, People
from authorizer.console.access.sessions import Sessions
from authorizer.console.desk import Desk
from authorizer.console.formats import PORTUGUESE, Formats
from authorizer.console.live import Live
from authorizer.console.pages.account_status import AccountStatusPages
from authorizer.console.pages.accounts import AccountPages
from authorizer.console.pages.assets import Assets
from authorizer.console.pages.cards import CardPages
from authorizer.console.pages.contest import ContestPages
from authorizer.console.pages.customer import CustomerPages
from authorizer.console.pages.entrance import Entrance, Exit, Nowhere
from authorizer.console.pages.limits import AccountLimitPages, GlobalLimitPages
from authorizer.console.pages.operations import OperationPages
from authorizer.console.pages.own_account import OwnAccountPages
from authorizer.console.pages.queue import QueuePages
from authorizer.console.pages.reports import ReportPages
from authorizer.console.pages.search import SearchPages
from authorizer.console.pages.setup import SetupPages
from authorizer.console.pages.tickets import TicketPages
from authorizer.console.rendering import Rendering
from authorizer.domain.backups import PlaceOfBackups
from authorizer.http.access.audit import Audit
from authorizer.http.access.limit_ceiling import LimitCeiling
from authorizer.http.app import Services
from authorizer.http.card_changes import CardChanges
from authorizer.http.customer_search import CustomerSearchEndpoints
from authorizer.http.histories import HistoryEndpoints


def console_routes(
    services: Services,
    people: People,
    sessions: Sessions,
    change_user: ChangeUser,
    backups: Callable[[], Sequence[PlaceOfBackups]],
) -> list[BaseRoute]:
    """The routes of the console. `change_user` puts a changed person on disk and in force."""
    zone = ZoneInfo(services.desk_hours.time_zone)
    rendering = Rendering(zone, services.off_loop)
    door = Door(people, sessions, rendering, services.clock)
    actors, audit = services.actors, Audit(services.trail, services.clock)
    desk = Desk(
        actors=actors,
        reports=services.reports,
        clock=services.clock,
        audit=audit,
        ceiling=LimitCeiling(services.access, services.limit_ceiling_cents),
        histories=HistoryEndpoints(actors, services.reports, audit),
        search=CustomerSearchEndpoints(actors, services.search_rates, audit),
    )
    challenges = Challenges(services.clock.monotonic_ns)
    passkeys = Passkeys(people, change_user, challenges, services.off_loop)
    live = Live(services.reports, lambda: bool(services.health()[1]["draining"]))
    resources = (
        QueuePages(desk, live),
        SearchPages(desk),
        CustomerPages(desk, services.trail),
        CardPages(desk, CardChanges(actors)),
        ContestPages(desk, Formats(PORTUGUESE, zone)),
        TicketPages(desk),
        ReportPages(desk, services.desk_hours),
        AccountPages(desk, services.limits),
        AccountStatusPages(desk),
        AccountLimitPages(services.limits),
        GlobalLimitPages(services.limits, services.metrics),
        OperationPages(
            desk,
            services.health,
            services.metrics,
            lambda: services.access.keys,
            people,
            backups,
        ),
        SetupPages(people, change_user, audit),
        OwnAccountPages(people, passkeys, services.clock, audit),
        Exit(door, audit),
        Nowhere(),
    )
    return [
        *Assets().routes(),
        *Entrance(door, passkeys, audit).routes(),
        *door.routes(chain.from_iterable(map(pages_of, resources))),
    ]
