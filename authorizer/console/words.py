"""The words of the wire in Portuguese, for the desk and for a card's holder.

A text in `said(…)` is in the catalogue: `make catalogue` finds it, and templates translate it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from authorizer.domain.access import AccessKind, Role
from authorizer.domain.accounts.cards import BlockReason, CardStatus
from authorizer.domain.accounts.categories import CASH, CREDIT_LIMIT, FOOD, MEAL
from authorizer.domain.accounts.purchase_state import PurchaseStatus
from authorizer.domain.accounts.state import AccountStatus
from authorizer.domain.outcomes import Reason, RefusalKind
from authorizer.domain.tickets.service_levels import Priority
from authorizer.domain.tickets.state import (
    ATTENDANT,
    BOT,
    CUSTOMER,
    Deadline,
    EscalationLevel,
    TicketStatus,
)

Translate = Callable[[str], str]


def said(text: str) -> str:
    """The text; it is in the catalogue."""
    return text


ROLES: Final = {
    Role.ATTENDANT: said("Atendente"),
    Role.SUPERVISOR: said("Supervisão"),
    Role.OPERATOR: said("Operação"),
    Role.AUDITOR: said("Auditoria"),
}
MOTIVES: Final = {
    BlockReason.LOST.motivo: said("Perda"),
    BlockReason.ROBBED.motivo: said("Roubo"),
    BlockReason.STOLEN.motivo: said("Furto"),
    BlockReason.SUSPECTED_FRAUD.motivo: said("Suspeita de fraude"),
    BlockReason.CUSTOMER_REQUEST.motivo: said("Pedido do cliente"),
    BlockReason.MISPLACED.motivo: said("Extravio"),
    BlockReason.CLONED.motivo: said("Clonagem"),
    BlockReason.CONFIRMED_FRAUD.motivo: said("Fraude confirmada"),
    BlockReason.DATA_COMPROMISED.motivo: said("Dados comprometidos"),
    BlockReason.UNDER_REVIEW.motivo: said("Em análise"),
    BlockReason.INACTIVITY.motivo: said("Inatividade"),
    BlockReason.PIN_LOCKED.motivo: said("Senha bloqueada"),
    BlockReason.DAMAGED.motivo: said("Danificado"),
    BlockReason.OTHER.motivo: said("Outro"),
}
CARD_STATUS: Final = {
    CardStatus.ACTIVE.value: said("Ativo"),
    CardStatus.BLOCKED.value: said("Bloqueado"),
    CardStatus.CANCELLED.value: said("Cancelado"),
}
TICKET_STATUS: Final = {
    TicketStatus.OPEN.value: said("Aberto"),
    TicketStatus.IN_PROGRESS.value: said("Em atendimento"),
    TicketStatus.WAITING.value: said("Aguardando cliente"),
    TicketStatus.RESOLVED.value: said("Resolvido"),
    TicketStatus.REOPENED.value: said("Reaberto"),
    TicketStatus.CLOSED.value: said("Fechado"),
}
PRIORITIES: Final = {
    Priority.URGENT.value: said("Urgente"),
    Priority.HIGH.value: said("Alta"),
    Priority.MEDIUM.value: said("Média"),
    Priority.LOW.value: said("Baixa"),
}
DEADLINES: Final = {
    Deadline.FIRST_RESPONSE.value: said("Primeira resposta"),
    Deadline.REOPENING_RESPONSE.value: said("Resposta à reabertura"),
    Deadline.NEXT_RESPONSE.value: said("Próxima resposta"),
    Deadline.RESOLUTION.value: said("Resolução"),
    Deadline.LEGAL.value: said("Prazo legal"),
}
ESCALATIONS: Final = {
    EscalationLevel.WARNED.value: said("prazo perto do fim"),
    EscalationLevel.MISSED.value: said("prazo vencido"),
}
PURCHASE_STATUS: Final = {
    PurchaseStatus.DECLINED.value: said("Recusada"),
    PurchaseStatus.PENDING.value: said("Pendente"),
    PurchaseStatus.CLOSED.value: said("Concluída"),
    PurchaseStatus.REVERSED.value: said("Estornada"),
    PurchaseStatus.EXPIRED.value: said("Expirada"),
}
AUTHORS: Final = {
    CUSTOMER: said("Cliente"),
    ATTENDANT: said("Atendente"),
    BOT: said("Robô"),
}
CONTACTS: Final = {
    "abertura": said("Chamado aberto"),
    "atendimento": said("Em atendimento"),
    "interacao": said("Mensagem"),
    "espera": said("Aguardando cliente"),
    "retomada": said("Retomado"),
    "prioridade": said("Prioridade mudada"),
    "resolucao": said("Resolvido"),
    "reabertura": said("Reaberto"),
    "fechamento": said("Fechado"),
    "bloqueio": said("Cartão bloqueado"),
    "desbloqueio": said("Cartão desbloqueado"),
    "consulta_limite": said("Limite consultado"),
    "substituicao": said("Cartão substituído"),
    "alteracao_limite": said("Limite alterado"),
}
LINES: Final = {
    "purchase": said("Compra"),
    "authorization": said("Pré-autorização"),
    "increment": said("Acréscimo"),
    "capture": said("Captura"),
    "reversal": said("Estorno"),
    "refund": said("Devolução"),
    "expiry": said("Expiração"),
    "credit": said("Crédito"),
    "adjustment": said("Ajuste"),
}
WALLETS: Final = {
    FOOD: said("Alimentação"),
    MEAL: said("Refeição"),
    CASH: said("Saldo livre"),
    CREDIT_LIMIT: said("Limite do cartão"),
}
CHANNELS: Final = ("Telefone", "Chat", "WhatsApp", "E-mail", "App Mobile", "Presencial")
"""Channels that the forms offer: they stand in events as they are, in any language."""
CHANNEL_NAMES: Final = {
    "Telefone": said("Telefone"),
    "E-mail": said("E-mail"),
    "Email": said("E-mail"),
    "Presencial": said("Presencial"),
    "Sistema": said("Sistema"),
}
"""How channels are shown; others as they stand in events."""
CATEGORIES: Final = {
    "bloqueio": said("Bloqueio"),
    "contestacao": said("Contestação"),
    "limite": said("Limite"),
    "cartao": said("Cartão"),
    "beneficio": said("Benefício"),
    "cadastro": said("Cadastro"),
    "duvida": said("Dúvida"),
    "outro": said("Outro"),
}
ACCESSES: Final = {
    AccessKind.DOCUMENT.value: said("Página do cliente"),
    AccessKind.SEARCH.value: said("Busca"),
    AccessKind.EXPORT.value: said("Exportação"),
    AccessKind.TICKET.value: said("Chamado"),
    AccessKind.TICKETS.value: said("Lista de chamados"),
    AccessKind.CONTACTS.value: said("Contatos"),
    AccessKind.OPERATIONS.value: said("Operações dos cartões"),
    AccessKind.REVEAL.value: said("Dados mostrados por inteiro"),
}
REVEAL_REASONS: Final = {
    "identificacao": said("Confirmar a identidade de quem ligou"),
    "contato": said("Entrar em contato com o cliente"),
    "cadastro": said("Corrigir o cadastro"),
    "fraude": said("Investigar uma fraude"),
    "ordem": said("Ordem de autoridade"),
}
"""Why a person's data are shown in full. A closed list: what is recorded outlives the person's
erasure, so no free text may be in it."""

WHY: Final = {
    Reason.APPROVED: said("A compra foi aprovada."),
    Reason.PARTIALLY_APPROVED: said("A compra foi aprovada em parte, até onde havia saldo."),
    Reason.INSUFFICIENT_FUNDS: said("O saldo disponível não cobria o valor da compra."),
    Reason.MALFORMED: said("A maquininha enviou um pedido que não pôde ser lido."),
    Reason.INVALID_AMOUNT: said("O valor enviado pela maquininha não é válido."),
    Reason.ACCOUNT_NOT_FOUND: said("A conta não foi encontrada."),
    Reason.CARD_NOT_FOUND: said("O cartão usado não é desta conta."),
    Reason.CARD_BLOCKED: said("O cartão estava bloqueado ou cancelado."),
    Reason.DUPLICATE_MISMATCH: said(
        "A maquininha repetiu o número de outra compra, com outros dados. Nada foi cobrado."
    ),
    Reason.TOO_LATE: said("O pedido não pôde ser respondido a tempo. A compra pode ser repetida."),
    Reason.OVERLOADED: said("Havia compras demais naquele instante. A compra pode ser repetida."),
    Reason.UNAVAILABLE: said("O serviço estava indisponível. A compra pode ser repetida."),
    Reason.ACCOUNT_FROZEN: said("A conta estava congelada: nela nada se aprova."),
    Reason.ACCOUNT_CLOSED: said("A conta está encerrada."),
    Reason.REVERSED_BEFORE: said("O estabelecimento tinha cancelado a compra antes."),
    Reason.CARD_CONTROL: said("Um controle que o titular pôs no cartão não permite esta compra."),
    Reason.MERCHANT_NOT_ELIGIBLE: said("Este estabelecimento não aceita este benefício."),
    Reason.AMOUNT_LIMIT: said("A compra passaria de um limite de valor."),
    Reason.COUNT_LIMIT: said("A compra passaria de um limite de quantidade."),
}
"""Why a purchase came out as it did, in a sentence that a card's holder understands."""
WINDOWS: Final = {
    "transaction": said("cada compra"),
    "day": said("dia"),
    "week": said("semana"),
    "month": said("mês"),
    "year": said("ano"),
    "lifetime": said("sempre"),
    "PT1H": said("última hora"),
    "PT24H": said("últimas 24 horas"),
    "P7D": said("últimos 7 dias"),
    "P30D": said("últimos 30 dias"),
}
SCOPES: Final = {
    "wallets": said("Carteiras"),
    "mccs": said("MCCs"),
    "merchants": said("Estabelecimentos"),
    "cards": said("Cartões"),
}
ACCOUNT_STATUS: Final = {
    AccountStatus.ACTIVE: said("ativa"),
    AccountStatus.FROZEN: said("congelada"),
    AccountStatus.CLOSED: said("encerrada"),
}
STANDINGS: Final = {
    "invited": said("convidada"),
    "active": said("ativa"),
    "expired": said("vencida"),
    "disabled": said("desativada"),
    "revoked": said("revogada"),
}
GAUGES: Final = {
    "authorizer_purchases_under_way": said("Compras em andamento"),
    "authorizer_open_holds": said("Reservas abertas"),
    "authorizer_queue_depth": said("Mensagens em espera"),
    "authorizer_resident_actors": said("Contas e clientes acordados"),
    "authorizer_journal_undurable_records": said("Registros ainda não gravados"),
    "authorizer_reports_lag_records": said("Registros que faltam nos relatórios"),
    "authorizer_api_keys": said("Chaves ativas"),
    "authorizer_people": said("Pessoas que podem entrar"),
    "authorizer_sessions": said("Sessões no console"),
}
"""What the page of operations shows of `/metrics`."""
WHY_BY_NAME: Final = {reason.name_on_wire: text for reason, text in WHY.items()}
CONTROLS: Final = {
    "mccs_permitidos": said("O titular só permite outros tipos de estabelecimento neste cartão."),
    "mccs_bloqueados": said("O titular bloqueou este tipo de estabelecimento neste cartão."),
    "estabelecimentos_bloqueados": said("O titular bloqueou este estabelecimento neste cartão."),
    "valor_maximo": said("O valor passa do máximo que o titular permite por compra neste cartão."),
}
_NAMED: Final = {
    Reason.AMOUNT_LIMIT: said("A compra passaria do limite de valor «%(name)s»."),
    Reason.COUNT_LIMIT: said("A compra passaria do limite de quantidade «%(name)s»."),
}
REFUSALS: Final = {
    RefusalKind.NOT_FOUND: said("Não foi encontrado."),
    RefusalKind.CONFLICT: said("O estado atual não permite isso."),
    RefusalKind.INVALID: said("Um campo não pode ser aceito."),
    RefusalKind.OVERLOADED: said("Há pedidos demais agora. Tente de novo daqui a pouco."),
    RefusalKind.UNAVAILABLE: said("Isto está indisponível agora. Tente de novo daqui a pouco."),
    RefusalKind.CHANGED: said("Alguém mudou isso enquanto você olhava. Veja de novo."),
    RefusalKind.GONE: said("Os dados pessoais deste cliente foram apagados."),
}


def why(reason: str, decided_by: Mapping[str, Any] | None, translate: Translate) -> str:
    """Why a purchase came out as it did: `decided_by` is what declined it, where that is known."""
    known = Reason.of(reason)
    if decided_by is not None:
        name = str(decided_by["name"])
        if known is Reason.CARD_CONTROL and name in CONTROLS:
            return translate(CONTROLS[name])
        if known in _NAMED:
            return translate(_NAMED[known]) % {"name": name}
    return translate(WHY[known])
