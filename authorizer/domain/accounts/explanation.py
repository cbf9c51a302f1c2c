"""Reading a purchase, and how one would be decided; nothing changes."""

from authorizer.domain.accounts.assessment import assess
from authorizer.domain.accounts.assessment_values import Assessment, Request, Step
from authorizer.domain.accounts.purchase_commands import Explain, ReadPurchase
from authorizer.domain.accounts.purchase_lookup import find_purchase
from authorizer.domain.accounts.purchase_operations import no_purchase
from authorizer.domain.accounts.state import Account
from authorizer.domain.accounts.velocity import parts_to_come
from authorizer.domain.aggregate import Context
from authorizer.domain.outcomes import HOLDS, Answered, Decision, Reason, Refusal, RefusalKind


def read_purchase(account: Account, command: ReadPurchase, _: Context, __: int) -> Decision:
    """Describe a purchase."""
    if find_purchase(account, command.purchase_id) is None:
        return no_purchase(command.purchase_id)
    return HOLDS


def explain(account: Account, command: Explain, context: Context, now_us: int) -> Decision:
    """Say how a purchase would be decided. Under an id that is known, as it was decided."""
    known = None if command.purchase_id is None else find_purchase(account, command.purchase_id)
    made = None if known is None else known.authorization
    if known is not None:
        step = Step("id", "known", {"id": command.purchase_id, "status": known.status.value})
        if made is not None:
            found = Assessment(made.reason, known.source, known.amount_cents, None, None, (step,))
        else:
            reason = Reason.REVERSED_BEFORE if known.is_announced else Reason.DUPLICATE_MISMATCH
            found = Assessment(reason, None, 0, None, None, (step,))
        return Decision(Answered(found))
    request = Request(
        command.amount_cents,
        command.mcc,
        command.merchant,
        command.card_id,
        command.product,
        command.partial,
        is_told=True,
    )
    if command.as_of is not None and command.as_of != account.position:
        return Decision(Refusal(RefusalKind.CHANGED, "the account has moved on: ask again"))
    parts = parts_to_come(account, command.histories, context, now_us)
    return Decision(Answered(assess(account, request, context.policy, now_us, parts=parts)))
