"""What the rules of a purchase look at, note on their way, and say in the end."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.deciders import Decider, LimitName
from authorizer.domain.accounts.limit_counters import Limit
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import Reason

NO_PARTS: Final[Mapping[str, Limit]] = MappingProxyType({})


class Request(NamedTuple):
    """What the rules look at of a purchase."""

    amount_cents: int
    mcc: str
    merchant: str
    card_id: str | None
    product: str | None = None
    partial: bool = False
    waited_ns: int = 0
    is_told: bool = False
    """Whether every rule is noted with what it saw, which costs more than the rules do."""


class Step(NamedTuple):
    """One rule and what it saw."""

    rule: str
    result: str
    """`pass`, `decline`, or what it found."""
    facts: Mapping[str, Any]
    """Amounts in centavos, by names that end in `_cents`."""


class Assessment(NamedTuple):
    """What the rules say of a purchase."""

    reason: Reason
    source: str | None
    """The source that would pay; None for a decline."""
    amount_cents: int
    """What would be approved."""
    override_mcc: str | None
    decided_by: Decider | None
    """The control, the product or the limit that declines."""
    steps: tuple[Step, ...]
    shadow: tuple[LimitName, ...] = ()
    """The limits in the shadow that would have declined."""


class Rules:
    """One run along the rules."""

    def __init__(
        self,
        account: Account,
        request: Request,
        policy: Policy,
        now_us: int,
        parts: Mapping[str, Limit] = NO_PARTS,
    ) -> None:
        self.account = account
        self.parts = parts
        self.request = request
        self.policy = policy
        self.now_us = now_us
        self.told = request.is_told
        self.steps: list[Step] = []
        self.override_mcc = policy.merchants.mcc_for(request.merchant)
        self.mcc = self.override_mcc or request.mcc

    def see(self, rule: str, result: str, **facts: Any) -> None:
        """Note a rule with what it saw, if that is told."""
        if self.told:
            self.steps.append(Step(rule, result, facts))

    def decline(
        self, reason: Reason, by: Decider | None = None, shadow: tuple[LimitName, ...] = ()
    ) -> Assessment:
        """The assessment of a decline."""
        steps = tuple(self.steps)
        return Assessment(reason, None, 0, self.override_mcc, by, steps, shadow)
