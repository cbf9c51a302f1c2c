"""All reports of a period at once, each in every grouping."""

from typing import Any

from sqlalchemy import Connection

from authorizer.domain.moments import moment_text
from authorizer.followers.reports.asked import PURCHASES, SERVICE, Asked
from authorizer.followers.reports.purchases.report import DIMENSIONS, TransactionReport
from authorizer.followers.reports.tickets.groups import BY_DAY, COLUMNS
from authorizer.followers.reports.tickets.report import ServiceReport

Makers = tuple[ServiceReport, TransactionReport]


def gather(connection: Connection, asked: Asked, makers: Makers | None = None) -> dict[str, Any]:
    """`atendimento` and `transacoes`, or one of them, by grouping; amounts are texts of centavos.

    `makers` are those of a process that goes on, which remember what they have read.
    """
    service, purchases = makers or (ServiceReport(), TransactionReport())
    params = {
        **asked.period._asdict(),
        "now_us": asked.now_us,
        "hours": list(asked.hours) if asked.hours else None,
        "time_zone": asked.days.time_zone,
    }
    found: dict[str, Any] = {
        **asked.days.edges(asked.period),
        "fuso_horario": asked.days.time_zone,
        "horario": "comercial" if asked.hours else "calendario",
        "gerado_em": moment_text(asked.now_us),
    }
    if SERVICE in asked.about:
        ways: tuple[str, ...] = (BY_DAY, *COLUMNS)
        found[SERVICE] = {by: service(connection, {**params, "by": by}) for by in ways}
    if PURCHASES in asked.about:
        ways = (BY_DAY, *DIMENSIONS)
        found[PURCHASES] = {by: purchases(connection, {**params, "by": by}) for by in ways}
    return found
