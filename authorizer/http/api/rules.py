"""Rules for texts: a check in Python, and its description in JSON Schema."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

_SPACE: Final = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""White space as `str.isspace` has it: `\\s` is not the same in ECMA-262, which patterns are in."""
_CONTROL: Final = r"\x00-\x1f\x7f"
_ANY_CONTROL: Final = r"\x00-\x1f\x7f-\x9f"
_NO_LINE: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
_NO_BLANK: Final = r"\x00-\x08\x0e-\x1b\x7f"

NOT_BLANK_PATTERN: Final = rf"[^{_SPACE}]"
PRINTABLE_PATTERN: Final = rf"^[^{_CONTROL}]*[^{_SPACE}{_CONTROL}][^{_CONTROL}]*$"
"""Printable: not blank, no control characters."""
LINES_PATTERN: Final = rf"^[^{_NO_LINE}]*[^{_SPACE}{_NO_LINE}][^{_NO_LINE}]*$"
"""The same, of several lines."""
DESCRIPTOR_PATTERN: Final = rf"^[^{_NO_BLANK}]*[^{_SPACE}*{_NO_BLANK}][^{_NO_BLANK}]*$"
"""The same, with white space of any kind, and more than stars."""
NAME_PATTERN: Final = rf"^[^{_CONTROL}]*[^{_SPACE}*{_CONTROL}][^{_CONTROL}]*$"
"""Printable, and more than stars."""
ID_PATTERN: Final = rf"^[^{_ANY_CONTROL}]*[^{_SPACE}{_ANY_CONTROL}][^{_ANY_CONTROL}]*$"
"""Printable, and none of the other control characters."""
IDENTITY_PATTERN: Final = rf"^[^/{_ANY_CONTROL}]*[^{_SPACE}/{_ANY_CONTROL}][^/{_ANY_CONTROL}]*$"
"""The same, and no slash."""
MASKED_PATTERN: Final = (
    rf"^(?=[^{_CONTROL}]*[^{_SPACE}{_CONTROL}])(?:[^0-9{_CONTROL}]*[0-9]){{0,10}}[^0-9{_CONTROL}]*$"
)
"""Printable, and ten digits at most; the check counts those of other scripts too."""
CPF_PATTERN: Final = r"^([0-9]{11}|[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2})$"

DATE_OR_TIME: Final = {"anyOf": [{"format": "date"}, {"format": "date-time"}]}


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A check of a text, for `Annotated`.

    The patterns above mean the same in Python and in ECMA-262. They only describe the checks, in
    the OpenAPI document: a check can tell what is wrong, a pattern can't.
    """

    check: Callable[[str], str]
    """Returns the text. ValueError: it is refused."""
    schema: Mapping[str, Any]
    """Added to the JSON Schema of the text."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), **self.schema}
