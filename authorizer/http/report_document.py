"""The reports as they are answered in JSON."""

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from authorizer.http.api.fields import Money

Count = Annotated[int, Field(ge=0)]
Rate = Annotated[float, Field(ge=0, description="Null where there is nothing to divide by.")]
Minutes = Annotated[float, Field(description="Null where nothing was measured.")]
Edge = Annotated[str, Field(description="A local day that is included, or an instant.")]

TimeZone = Annotated[str, Field(description="The zone of the days, in the IANA database.")]


class Waits(TypedDict):
    """How long something took, in minutes. A percentile is interpolated linearly."""

    quantidade: Count
    media: Minutes | None
    mediana: Minutes | None
    p90: Minutes | None


class FirstResponses(Waits):
    """From the opening to the first public word of an attendant."""

    sem_resposta: Annotated[int, Field(ge=0, description="Tickets with none, not measured.")]
    so_robo: Annotated[int, Field(ge=0, description="Of those, tickets that a bot answered.")]


class ReopeningResponses(Waits):
    """From each reopening to the first public word of an attendant after it."""

    sem_resposta: Annotated[int, Field(ge=0, description="Reopenings with none, not measured.")]


class NextResponses(Waits):
    """From what the customer said after the first response to the attendant's next public word."""

    sem_resposta: Annotated[int, Field(ge=0, description="Those with none, not measured.")]


class Level(TypedDict):
    """Service levels kept and broken; `taxa` is the kept ones of both."""

    cumpridos: Count
    vencidos: Count
    pendentes: Count
    taxa: Rate | None


class Levels(TypedDict):
    """Service levels, and the law's seven days."""

    primeira_resposta: Level
    resolucao: Level
    proxima_resposta: Annotated[Level, Field(description="Of each answer that was owed.")]
    prazo_legal: Annotated[Level, Field(description="Decreto 11.034/2022, by first resolution.")]


class Escalations(TypedDict):
    """How often these tickets were escalated."""

    avisos: Annotated[int, Field(ge=0, description="Before a deadline.")]
    vencidos: Annotated[int, Field(ge=0, description="When one was missed.")]


class ServiceMetrics(TypedDict):
    """The metrics of some tickets."""

    abertos: Annotated[int, Field(ge=0, description="Tickets opened in the period.")]
    em_aberto: Annotated[int, Field(ge=0, description="Of those, neither resolved nor closed now.")]
    resolvidos: Annotated[int, Field(ge=0, description="Of those, resolved at least once.")]
    taxa_resolucao: Rate | None
    primeira_resposta: FirstResponses
    resposta_reabertura: ReopeningResponses
    proxima_resposta: NextResponses
    resolucao_primeira: Waits
    resolucao_ultima: Waits
    resolucoes: Count
    reaberturas: Count
    taxa_reabertura: Rate | None
    escalonamentos: Escalations
    sla: Levels


class ServiceGroup(ServiceMetrics):
    """The metrics of one group; null is the group of tickets without an attendant."""

    grupo: str | None
    backlog: NotRequired[int | None]


class OtherServiceGroups(ServiceMetrics):
    """All groups past the hundred largest."""

    grupos: Count


class Backlog(TypedDict):
    """How many tickets were open when a day ended, whenever they were opened."""

    dia: str
    abertos: int


class ServiceReport(ServiceMetrics):
    """The service metrics of a period."""

    de: Edge
    ate: Edge
    fuso_horario: TimeZone
    horario: str
    agrupar: str | None
    backlog: list[Backlog]
    grupos: NotRequired[list[ServiceGroup]]
    outros: NotRequired[OtherServiceGroups]


class Sum(TypedDict):
    """How many purchases, and of how much."""

    quantidade: Count
    valor: Money


class Purchases(TypedDict):
    """Purchases approved and declined."""

    aprovadas: Sum
    recusadas: Sum


class Operations(TypedDict):
    """What was done to purchases of several messages, and given back of others."""

    autorizacoes: Annotated[Sum, Field(description="Holds, at the amount that was approved.")]
    acrescimos: Annotated[Sum, Field(description="Increments of holds.")]
    capturas: Sum
    estornos: Annotated[Sum, Field(description="Reversals.")]
    devolucoes: Annotated[Sum, Field(description="Refunds.")]
    expiracoes: Annotated[Sum, Field(description="What holds that ran out gave back.")]
    recusas: Annotated[Sum, Field(description="Holds and increments that were declined.")]


class PurchaseGroup(Purchases):
    """The purchases of one group; null is the group of what has none, as a decline no wallet."""

    grupo: str | None
    operacoes: NotRequired[Annotated[Operations, Field(description="Where the group is a day.")]]


class OtherPurchaseGroups(Purchases):
    """All groups past the hundred largest."""

    grupos: Count


class TransactionReport(Purchases):
    """The purchases of a period."""

    de: Edge
    ate: Edge
    fuso_horario: TimeZone
    agrupar: str | None
    operacoes: NotRequired[
        Annotated[Operations, Field(description="By day, or where nothing is grouped.")]
    ]
    grupos: NotRequired[list[PurchaseGroup]]
    outros: NotRequired[OtherPurchaseGroups]
