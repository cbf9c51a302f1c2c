"""What docs/operations.md lists is what there is."""

from __future__ import annotations

import re
from typing import Final

from authorizer.followers.reports.tables.schema import metadata
from tests.support.server import PROJECT

PAGE: Final = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_the_tables_of_the_read_models() -> None:
    told = PAGE.partition("The tables are ")[2].partition(";")[0]
    assert re.findall(r"`(\w+)`", told) == [*metadata.tables]
