"""A batch's purchases on one account, decided by its actor in one stretch."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from authorizer.actors.entity import ActorContext, EntityActor
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.events import PurchaseApproved
from authorizer.domain.accounts.plain_purchases import (
    Approved,
    Approving,
    PlainPurchase,
    approve_plain,
    is_plain_account,
)
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import OUTCOMES, Outcome, Reason
from authorizer.persistence.state.record import encoder_of

BatchPurchase = PlainPurchase | Authorize
"""A purchase of a batch. A plain one has not been made a command, for that takes time."""
UNAVAILABLE: Final = OUTCOMES[Reason.UNAVAILABLE]

_encode_approval: Final = encoder_of(PurchaseApproved)


class Window:
    """Some lines of a batch that are decided together."""

    __slots__ = ("outcomes", "purchases", "shares")

    def __init__(self) -> None:
        self.purchases: list[BatchPurchase] = []
        """Those that can be read."""
        self.shares: dict[str, list[int]] = {}
        """By account: where its purchases stand among them, in their order."""
        self.outcomes: list[Outcome] = []
        """What they are answered, once they are decided."""


class Share(NamedTuple):
    """What a batch asks of one account, in the order of its lines."""

    purchases: Sequence[BatchPurchase]
    by: str
    received_ns: int
    """When their turn came (monotonic)."""


def as_command(purchase: BatchPurchase, by: str, received_ns: int) -> Authorize:
    """The command of a purchase, whose time counts from now on."""
    if isinstance(purchase, Authorize):
        return purchase._replace(received_ns=received_ns)
    account_id, key, amount_cents, mcc, merchant = purchase
    return Authorize(account_id, key, amount_cents, mcc, merchant, None, received_ns, by)


def decide_share(actor: EntityActor[Account], share: Share) -> list[Outcome]:
    """Decide purchases as the actor would one by one, in their order; their outcomes.

    What it appends is one whole for each run of plain purchases. To be called in a step of the
    loop of its own, as a message is handled; the actor has messages waiting, or not.
    """
    purchases, outcomes = share.purchases, list[Outcome]()
    while len(outcomes) < len(purchases):
        if is_plain_account(actor.state, actor.around.context.policy):
            _approve_plain(actor, share, outcomes)
        if len(outcomes) < len(purchases):
            purchase = purchases[len(outcomes)]
            outcomes.append(actor.on_receive(as_command(purchase, share.by, share.received_ns)))
    return outcomes


def _approve_plain(actor: EntityActor[Account], share: Share, outcomes: list[Outcome]) -> None:
    """Approve what is plain of the purchases that have no outcome yet, up to the first other."""
    around, state = actor.around, actor.state
    policy, clock = around.context.policy, around.clock
    if actor.broken or clock.monotonic_ns() - share.received_ns >= policy.deadline_ns:
        return
    now_us = clock.now_us()
    left = share.purchases[len(outcomes) :] if outcomes else share.purchases
    approved = Approved([], outcomes)
    try:
        approve_plain(state, left, Approving(policy, now_us, share.by, _encode_approval), approved)
    except Exception as bug:  # noqa: BLE001 - the others go on, and this one is answered
        around.on_bug(actor.entity_id, bug)
        outcomes.append(UNAVAILABLE)
    if approved.records:
        _append(around, state, approved.records, now_us)


def _append(around: ActorContext, state: Account, records: list[bytes], now_us: int) -> None:
    state.position = around.commit.append(records)
    around.clock.happened(now_us)
