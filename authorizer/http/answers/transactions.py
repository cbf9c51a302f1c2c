"""What a transaction carries, and its answer."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from typing_extensions import TypedDict

from authorizer.http.transaction_body import MAX_ID_LENGTH, MAX_TEXT_LENGTH

Amount = Annotated[
    Any, WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.01})
]
_TEXT: Final = {"type": "string", "maxLength": MAX_TEXT_LENGTH, "pattern": "\\S"}
_ID: Final = {"type": ["string", "null"], "maxLength": MAX_ID_LENGTH, "pattern": "\\S"}
TransactionText = Annotated[Any, WithJsonSchema(_TEXT)]
TransactionId = Annotated[Any, WithJsonSchema(_ID)]


class Transaction(BaseModel):
    """A purchase. `account` and `accountId` mean the same, so do `totalAmount` and `amount`.

    Only described here: `transaction_body` reads it. Anything else is answered 200 with code 07.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "required": ["mcc", "merchant"],
            "allOf": [
                {"anyOf": [{"required": ["account"]}, {"required": ["accountId"]}]},
                {"anyOf": [{"required": ["totalAmount"]}, {"required": ["amount"]}]},
            ],
            "examples": [
                {
                    "account": "123",
                    "totalAmount": 100.00,
                    "mcc": "5811",
                    "merchant": "PADARIA DO ZE               SAO PAULO BR",
                }
            ],
        }
    )

    account: TransactionText
    accountId: TransactionText  # noqa: N815 - a name on the wire
    totalAmount: Annotated[Amount, Field(description="Reais.")]  # noqa: N815
    amount: Annotated[Amount, Field(description="Reais.")]
    mcc: TransactionText
    merchant: TransactionText
    id: Annotated[
        TransactionId, Field(description="The client's own id: the same id is decided once.")
    ]
    card: Annotated[TransactionId, Field(description="A card of the account.")]


class Decision(TypedDict):
    """00 approved, 51 no single source of funds covers the amount, 07 anything else."""

    code: Literal["00", "51", "07"]
