"""The line that a card's event adds to the history of operations (`historico_operacoes`)."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from authorizer.domain.accounts.cards import Operation, OperationKind
from authorizer.domain.accounts.events import (
    CardBlocked,
    CardReplaced,
    CardUnblocked,
    LimitChanged,
    LimitQueried,
)
from authorizer.domain.moments import WrittenTime


def operation_of(event: Any) -> Operation:
    """The line of a card's event, made here and now. KeyError for an event that adds none."""
    return OPERATIONS[type(event)](event)


def _block(event: CardBlocked) -> Operation:
    return _operation(OperationKind.BLOCK, event, block_reason=event.block_reason)


def _unblock(event: CardUnblocked) -> Operation:
    return _operation(OperationKind.UNBLOCK, event, justification=event.justification)


def _limit_query(event: LimitQueried) -> Operation:
    return _operation(OperationKind.LIMIT_QUERY, event, available_cents=event.available_cents)


def _replacement(event: CardReplaced) -> Operation:
    return _operation(
        OperationKind.REPLACEMENT,
        event,
        block_reason=event.block_reason,
        replaced_by=event.terms.card_id,
    )


def _limit_change(event: LimitChanged) -> Operation:
    return _operation(
        OperationKind.LIMIT_CHANGE,
        event,
        limit_total_cents=event.limit_total_cents,
        previous_limit_cents=event.previous_cents,
    )


def _operation(kind: OperationKind, event: Any, **fields: Any) -> Operation:
    at = WrittenTime(event.at_us)
    return Operation(kind.value, event.card_id, at, event.channel, **fields)


OPERATIONS: Final[Mapping[type[Any], Callable[[Any], Operation]]] = {
    CardBlocked: _block,
    CardUnblocked: _unblock,
    LimitQueried: _limit_query,
    CardReplaced: _replacement,
    LimitChanged: _limit_change,
}
"""The lines, by the type of their event."""
