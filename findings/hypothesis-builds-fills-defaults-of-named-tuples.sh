#!/usr/bin/env bash
# hypothesis 6.170.17: `builds` makes up values for the fields of a named tuple that have defaults.
# One would expect what its documentation says, and what happens for a dataclass and a function: only
# arguments that are required are inferred from type hints, others keep their defaults. Seen: of a
# `typing.NamedTuple` with the field `count: int = 7` many values of `count` come, of the dataclass with
# the same field only 7. So a test that leaves such a field to its default tries others, beyond what
# the program may hold.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check hypothesis==6.170.17
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from dataclasses import dataclass
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st


class Named(NamedTuple):
    """A field with a default behind one without."""

    name: str
    count: int = 7


@dataclass
class Data:
    """The same as a dataclass."""

    name: str
    count: int = 7


def function(name: str, count: int = 7) -> int:
    """The same as a function."""
    return count


named, data, returned = set(), set(), set()


@settings(max_examples=100, derandomize=True, database=None)
@given(st.builds(Named), st.builds(Data), st.builds(function))
def look(one, other, count):
    named.add(one.count)
    data.add(other.count)
    returned.add(count)


look()
print("counts of a dataclass:", data, "of a function:", returned, "of a named tuple:", len(named))
assert data == returned == {7}
assert len(named) > 10
PYTHON
