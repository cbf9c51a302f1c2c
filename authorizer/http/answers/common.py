"""What answers of all kinds are made of."""

from decimal import Decimal
from typing import Annotated, Any, NotRequired

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict

Money = Annotated[Decimal, WithJsonSchema({"type": "number"})]
"""Reais, with two decimals."""
Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""RFC 3339."""
Cursor = Annotated[str, Field(description="What the next page is asked for with; null: no more.")]


class FieldProblem(TypedDict):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(TypedDict):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[list[FieldProblem]]


JsonObject = dict[str, Any]
