"""All reports of a period at once, each in every grouping."""

from typing import Any

from sqlalchemy import Connection

from authorizer.domain.moments import moment_text
from authorizer.reports.business_hours import BusinessHours
from authorizer.reports.local_days import LocalDays
from authorizer.reports.period import Period
from authorizer.reports.service_report import ServiceReport
from authorizer.reports.ticket_groups import BY_DAY, COLUMNS
from authorizer.reports.transaction_report import DIMENSIONS, TransactionReport


def gather(
    connection: Connection,
    period: Period,
    now_us: int,
    hours: BusinessHours | None,
    days: LocalDays,
) -> dict[str, Any]:
    """`atendimento` and `transacoes`, by grouping; amounts are texts of centavos."""
    service, purchases = ServiceReport(), TransactionReport()
    asked = {
        **period._asdict(),
        "now_us": now_us,
        "hours": list(hours) if hours else None,
        "time_zone": days.time_zone,
    }
    return {
        **days.edges(period),
        "fuso_horario": days.time_zone,
        "horario": "comercial" if hours else "calendario",
        "gerado_em": moment_text(now_us),
        "atendimento": {by: service(connection, {**asked, "by": by}) for by in (BY_DAY, *COLUMNS)},
        "transacoes": {
            by: purchases(connection, {**asked, "by": by}) for by in (BY_DAY, *DIMENSIONS)
        },
    }
