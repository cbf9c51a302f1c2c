"""Dry runs: the decision on a purchase, with every rule and what it saw; nothing moves."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, with_config
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.velocity_limits import VelocityLimits
from authorizer.domain.accounts.assessment_values import Assessment, Step
from authorizer.domain.accounts.purchase_commands import Explain
from authorizer.http.access.roles import DECISIONS
from authorizer.http.api.endpoints import endpoint
from authorizer.http.api.problems import accepted
from authorizer.http.api.wire import json_response, money, read_document
from authorizer.http.purchase_requests import AuthorizationDocument

_CENTS = "_cents"


@with_config(ConfigDict(extra="allow"))
class ExplanationStep(TypedDict):
    """One rule: its name, what it found, and whatever it saw, in further members."""

    rule: str
    result: str


class Explanation(TypedDict):
    """What the answer to a purchase would be, rule by rule.

    `source` is null where it would be declined.
    """

    code: str
    reason: str
    source: str | None
    steps: list[ExplanationStep]


class DecisionEndpoints:
    """`/accounts/{account}/decisions`."""

    def __init__(self, limits: VelocityLimits) -> None:
        self._limits = limits

    @endpoint(
        "POST",
        "/accounts/{account}/decisions",
        DECISIONS,
        body=AuthorizationDocument,
        answers={200: Explanation},
        repeated="The decision as it would be by then.",
    )
    async def explain(self, request: Request) -> Response:
        """Explain how a purchase would be decided now; nothing moves."""
        document = await read_document(request, AuthorizationDocument)
        found: Any = accepted(
            await self._limits.explain(
                Explain(
                    account_id=request.path_params["account"],
                    purchase_id=document.id,
                    amount_cents=document.amount,
                    mcc=document.mcc,
                    merchant=document.merchant,
                    card_id=document.card,
                    partial=document.partial,
                    product=document.product,
                )
            )
        )
        return json_response(decision_document(found[0].value))


def decision_document(assessment: Assessment) -> dict[str, Any]:
    """A decision with its steps."""
    return {
        "code": assessment.reason.answer_code,
        "reason": assessment.reason.name_on_wire,
        "source": assessment.source,
        "steps": [_step(step) for step in assessment.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    return {"rule": step.rule, "result": step.result, **_facts(step.facts)}


def _facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule saw, amounts in reais."""
    return {
        name.removesuffix(_CENTS): money(value)
        if name.endswith(_CENTS) and value is not None
        else value
        for name, value in facts.items()
    }
