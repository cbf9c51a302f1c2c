"""The table of reasons in docs/authorizer.md has every reason, with the codes that it has."""

from __future__ import annotations

import re
from typing import Final

from authorizer.domain.outcomes import Reason
from tests.support.server import PROJECT

PAGE: Final = (PROJECT / "docs" / "authorizer.md").read_text(encoding="utf-8")
ROWS: Final = re.findall(
    r"^\| `(\w+)` \| (\S+) \| (\S+) \| (\S+) \| (\S+) \| .* \| (?:yes|no) \| (?:yes|no) \|$",
    PAGE,
    re.MULTILINE,
)


def test_every_reason_stands_there_once_with_its_codes() -> None:
    told = sorted((word, code, iso) for word, code, iso, _, _ in ROWS)
    assert told == sorted(
        (reason.name_on_wire, reason.answer_code, reason.response_code) for reason in Reason
    )


def test_whoever_has_a_code_of_abecs_is_told_whether_it_is_reversible() -> None:
    for word, _, _, abecs, reversible in ROWS:
        assert (abecs, reversible) == ("—", "—") or (
            re.fullmatch(r"\d\d", abecs) and reversible in ("yes", "no")
        ), word
