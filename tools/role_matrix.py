"""Write the role matrix in docs/access.md: who may ask for what, as the endpoints are declared.

Usage: python -m tools.role_matrix
"""

from pathlib import Path
from typing import Final
from unittest.mock import MagicMock

from authorizer.domain.access import Role
from authorizer.http.api.endpoints import Endpoint
from authorizer.http.app import all_endpoints

DOCS: Final = Path(__file__).resolve().parent.parent / "docs" / "access.md"
BEGIN: Final = "<!-- role matrix: written by tools/role_matrix.py -->\n"
END: Final = "<!-- end of the role matrix -->\n"
_YES: Final = "✓"


def main() -> None:
    """Put the matrix in the place of the one that is there."""
    before, _, after = parts(DOCS.read_text(encoding="utf-8"))
    DOCS.write_text(before + matrix() + after, encoding="utf-8")


def parts(text: str) -> tuple[str, str, str]:
    """The document before the matrix, the matrix, and the document after it."""
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    return text[:begin], text[begin:end], text[end:]


def matrix() -> str:
    """One line for each endpoint, in the order of paths."""
    names = [role.value for role in Role]
    lines = [_row("", ["no key", *names]), _row("---", [":-:"] * (len(names) + 1))]
    # Endpoints are declared without a server; nothing is asked of what they work with.
    endpoints = sorted(all_endpoints(MagicMock()), key=lambda one: (one.path, one.method))
    lines += [_row(f"`{one.method} {one.path}`", _marks(one)) for one in endpoints]
    return "\n".join(lines) + "\n"


def _marks(endpoint: Endpoint) -> list[str]:
    roles = endpoint.roles
    if roles is None:
        return [_YES] * (len(Role) + 1)
    return ["", *(_YES if role in roles else "" for role in Role)]


def _row(first: str, cells: list[str]) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in [first, *cells]) + "|"


if __name__ == "__main__":
    main()
