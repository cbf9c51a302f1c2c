"""All reports of a period at once, each in every grouping."""

from typing import Any

from sqlalchemy import Connection

from authorizer.domain.moments import moment_text
from authorizer.reports.business_hours import BusinessHours
from authorizer.reports.period import Period, edges
from authorizer.reports.service_report import ServiceReport
from authorizer.reports.ticket_groups import BY_DAY, COLUMNS
from authorizer.reports.transaction_report import DIMENSIONS, TransactionReport


def gather(
    connection: Connection, period: Period, now_us: int, hours: BusinessHours | None
) -> dict[str, Any]:
    """`atendimento` and `transacoes`, by grouping; amounts are texts of centavos.

    Purchases are added up by day: those of every day that the period touches are told.
    """
    service, purchases = ServiceReport(), TransactionReport()
    asked = {**period._asdict(), "now_us": now_us, "hours": list(hours) if hours else None}
    return {
        **edges(period),
        "horario": "comercial" if hours else "calendario",
        "gerado_em": moment_text(now_us),
        "atendimento": {by: service(connection, {**asked, "by": by}) for by in (BY_DAY, *COLUMNS)},
        "transacoes": {
            by: purchases(connection, {**asked, "by": by}) for by in (BY_DAY, *DIMENSIONS)
        },
    }
