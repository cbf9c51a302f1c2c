"""`/console` and `/console/fila`: what is to be done, the most urgent first, live."""

from typing import Any, Final

from starlette.responses import Response

from authorizer.actors.ticket_file import ticket_file
from authorizer.console.access.door import ANY_ROLE, page
from authorizer.console.access.visits import Visit
from authorizer.console.desk import Desk
from authorizer.console.live import Live
from authorizer.console.navigation import places_for
from authorizer.console.rendering import HEADERS
from authorizer.domain.access import AccessKind
from authorizer.domain.moments import DAY_US, HOUR_US
from authorizer.domain.tickets.at_rest import view_of
from authorizer.http.access.roles import CARE_READ, OPERATIONS
from authorizer.http.api.paging import shown

MAX_ROWS: Final = 50
LEGAL_WARNING_US: Final = 2 * DAY_US
"""So long before the legal deadline the queue warns of it, whatever is due before."""
MINE, NOBODYS, ALL = "minha", "sem-dono", "todas"
QUEUES: Final = (MINE, NOBODYS, ALL)
OPERATIONS_HOME: Final = "/console/operacao"
_EVENTS: Final = "/console/fila/eventos"


class QueuePages:
    """`/console` and `/console/fila`."""

    def __init__(self, desk: Desk, live: Live) -> None:
        self._desk = desk
        self._live = live

    @page("GET", "/console", ANY_ROLE)
    async def home(self, visit: Visit) -> Response:
        """Go to where somebody's work is."""
        is_operator = visit.user.role in OPERATIONS
        return visit.go(OPERATIONS_HOME if is_operator else places_for(visit.user.role)[0].path)

    @page("GET", "/console/fila", CARE_READ)
    async def show(self, visit: Visit) -> Response:
        """Show a queue; the part of it that is live is asked for alone, by the page itself."""
        which = visit.asked("de")
        which = which if which in QUEUES else MINE
        now_us = self._desk.clock.wall_us()
        found: Any = await self._desk.reports.query(
            "ticket_queue",
            attendant=visit.user.name if which == MINE else None,
            unattended=which == NOBODYS,
            now_us=now_us,
            soon_us=now_us + HOUR_US,
            limit=MAX_ROWS,
        )

        def show(row: dict[str, Any]) -> dict[str, Any]:
            file = ticket_file(view_of(row["ticket"]), self._desk.actors.sealer, now_us)
            return {"file": file, "due_us": row["due_us"], "owed": row["owed"]}

        rows = await shown(found["rows"], show)
        customer_ids = [row["file"].ticket.customer_id for row in rows]
        await self._desk.audit.record(visit.request, AccessKind.TICKETS, customer_ids)
        context: dict[str, Any] = {
            "rows": rows,
            "counts": {name: found[name] for name in ("total", "overdue", "soon")},
            "which": which,
            "now_us": now_us,
            "soon_us": now_us + HOUR_US,
            "warn_us": now_us + LEGAL_WARNING_US,
        }
        if visit.request.headers.get("hx-request") == "true":
            return await visit.part("queue_rows.html", **context)
        return await visit.page("queue.html", **context)

    @page("GET", _EVENTS, CARE_READ)
    async def events(self, visit: Visit) -> Response:
        """Tell whenever a ticket has changed: an event stream, without any content of tickets."""
        # with 204 the browser asks no more
        return self._live.answer(HEADERS) or Response(status_code=204, headers=dict(HEADERS))
