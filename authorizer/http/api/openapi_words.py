"""Texts of the OpenAPI document that no declaration has: for clients, not for maintainers."""

from typing import Any, Final

from authorizer.domain.outcomes import Reason

REASONS: Final = {
    Reason.APPROVED: "one source of funds paid all of it",
    Reason.INSUFFICIENT_FUNDS: "no single source of funds covers the amount",
    Reason.MALFORMED: "the body is no purchase, or is too large",
    Reason.INVALID_AMOUNT: "the amount is not more than 0, or no whole number of centavos",
    Reason.ACCOUNT_NOT_FOUND: "there is no such account",
    Reason.CARD_NOT_FOUND: "there is no such card on the account",
    Reason.CARD_BLOCKED: "the card is blocked or cancelled",
    Reason.DUPLICATE_MISMATCH: "the id is known, with other fields",
    Reason.TOO_LATE: "the request waited longer for its decision than it may",
    Reason.OVERLOADED: "too much is under way; nothing moved: ask again with the same id",
    Reason.PARTIALLY_APPROVED: "a hold that may be partial was approved for less than it asked",
    Reason.ACCOUNT_FROZEN: "the account is frozen",
    Reason.ACCOUNT_CLOSED: "the account is closed",
    Reason.REVERSED_BEFORE: "the reversal of this id came before it",
    Reason.CARD_CONTROL: "the card's controls do not allow it",
    Reason.MERCHANT_NOT_ELIGIBLE: "the product does not go with the merchant's category",
    Reason.AMOUNT_LIMIT: "a limit on amounts would be exceeded",
    Reason.COUNT_LIMIT: "a limit on how often would be exceeded",
    Reason.UNAVAILABLE: "this can't be decided now; nothing moved: ask again later",
}
"""When a purchase gets each reason."""

DESCRIPTION: Final = """\
Decides card purchases, and is the service desk of the cards' holders.

- **Money** is a number of reais with two decimals at most; any other is refused, never rounded.
- **Times** are RFC 3339. **Errors** are problem documents (RFC 9457).
- **A purchase is a decision, not an error**: who may ask gets 200, and the body says 00, 51 or 07.
- **Keys.** Every request needs an API key as a bearer token, but for a server that listens on
  loopback only and for which no key was ever made. Such a server answers to loopback names alone
  (`Host`), and to no page of another site (403).
- A parameter that a call does not know, or one given twice, is refused (422).

## Retries

No answer leaves before all that it says is on disk. So no answer means that the outcome is unknown:
ask again.

- Send every purchase with an `id` of your own, in the body or as the header `Idempotency-Key`, and
  ask again with the same one: it is decided once, and `Authorizer-Replayed` marks the answer to a
  repeat. A new try after a 51 needs a new id.
- Every call that changes something says what the same request does when it is made again.
- 429 and 503: nothing moved. Ask again after `Retry-After` seconds, where it is given, then less
  and less often.
- 409, 410 and 422 stay what they are until something else changes: don't ask again.
"""


def reasons_in_words() -> str:
    """Every reason with its code and when it is given."""
    lines = (
        f"- `{reason.name_on_wire}` ({reason.answer_code}): {when}"
        for reason, when in REASONS.items()
    )
    return "Why it was decided so.\n\n" + "\n".join(lines)


def without_defaults(model: dict[str, Any]) -> dict[str, Any]:
    """The schema of a document, with the defaults of its members in words.

    Generators take a member with a `default` for one that is always there, or must be sent.
    """
    properties = {name: _told(schema) for name, schema in model.get("properties", {}).items()}
    return model | {"properties": properties} if properties else model


def _told(schema: dict[str, Any]) -> dict[str, Any]:
    told = {key: value for key, value in schema.items() if key != "default"}
    default = schema.get("default")
    if default is None or default in ({}, []):
        return told
    word = str(default).lower() if isinstance(default, bool) else default
    words = (schema.get("description", ""), f"If it is left out: `{word}`.")
    return told | {"description": " ".join(filter(None, words))}
