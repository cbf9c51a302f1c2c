"""The description of purchases and of their answers, read and written in front of the router."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from typing_extensions import TypedDict

from authorizer.domain.accounts.categories import PRODUCTS
from authorizer.http.access.roles import TERMINALS
from authorizer.http.api.endpoints import Endpoint, NotJson
from authorizer.http.api.fields import MAX_ID_LENGTH, MAX_TEXT_LENGTH
from authorizer.http.api.rules import NOT_BLANK_PATTERN
from authorizer.http.batch import PATH as BATCH_PATH
from authorizer.http.batch_answers import MEDIA_TYPE
from authorizer.http.transactions import PATHS

Amount = Annotated[Any, WithJsonSchema({"type": "number", "minimum": 0.01})]
_TEXT: Final = {"type": "string", "maxLength": MAX_TEXT_LENGTH, "pattern": NOT_BLANK_PATTERN}
_ID: Final = {"type": ["string", "null"], "maxLength": MAX_ID_LENGTH, "pattern": NOT_BLANK_PATTERN}
TransactionText = Annotated[Any, WithJsonSchema(_TEXT)]
TransactionId = Annotated[Any, WithJsonSchema(_ID)]


class Transaction(BaseModel):
    """A purchase. `account` and `accountId` mean the same, so do `totalAmount` and `amount`.

    A member that is not known is passed over, unless it looks like one that is, or would change
    what the purchase means, as another currency would. What can't be read is answered 07.
    """

    # Described here, and read by `transaction_body`.
    model_config = ConfigDict(
        json_schema_extra={
            "required": ["mcc", "merchant"],
            "allOf": [
                {"anyOf": [{"required": ["account"]}, {"required": ["accountId"]}]},
                {"anyOf": [{"required": ["totalAmount"]}, {"required": ["amount"]}]},
            ],
        }
    )

    account: TransactionText
    accountId: TransactionText  # noqa: N815 - a name on the wire
    totalAmount: Annotated[Amount, Field(description="Reais, two decimals at most.")]  # noqa: N815
    amount: Annotated[Amount, Field(description="Reais, two decimals at most.")]
    mcc: TransactionText
    merchant: TransactionText
    id: Annotated[
        TransactionId, Field(description="The client's own id: the same id is decided once.")
    ]
    card: Annotated[TransactionId, Field(description="A card of the account.")]
    product: Annotated[
        Any,
        WithJsonSchema({"type": ["string", "null"], "enum": [*PRODUCTS, None]}),
        Field(description="What is paid with: meal PAT, food PAT, culture, meal CLT, food CLT."),
    ]


class Decision(TypedDict):
    """00 approved, 51 no single source of funds covers the amount, 07 anything else."""

    code: Literal["00", "51", "07"]


_ALONE: Final = tuple(
    Endpoint(
        "POST",
        path,
        TERMINALS,
        "Decide a purchase.",
        body=Transaction,
        answers={200: Decision},
        headers=("Authorizer-Reason", "Authorizer-Replayed", "Authorizer-Detail"),
        takes=("Idempotency-Key",),
        repeated=(
            "With an `id` that is known: the answer that was given before, and nothing moves; with"
            " other fields it is declined (`duplicate_mismatch`). Without one: another purchase."
        ),
    )
    for path in sorted(PATHS)
)
_MANY: Final = Endpoint(
    "POST",
    BATCH_PATH,
    TERMINALS,
    "Decide many purchases, a line each.",
    body=NotJson(MEDIA_TYPE),
    answers={200: NotJson(MEDIA_TYPE)},
    problems=(413, 422, 503),
    repeated=(
        "Each line as the purchase alone: one with an `id` that is known gets the answer that was"
        " given before, one without is another purchase."
    ),
)
TRANSACTION_ENDPOINTS: Final = (*_ALONE, _MANY)
"""Answered by `Transactions` and `BatchEndpoint`, in front of the router."""
