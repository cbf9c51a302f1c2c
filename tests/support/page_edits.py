"""The edits that a page shows, applied to a copy of the package.

A block that begins with a line like `# authorizer/http/terminals.py` is a new file. A block of the
language `diff` changes the file that its first line names, `--- authorizer/http/app.py`: lines that
begin with a space or `-` must stand in it, once, and those with a space or `+` take their place.
`@@` begins another such place in the same file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NEW: Final = re.compile(r"# (authorizer/\S+)\n")
_CHANGED: Final = re.compile(r"--- (authorizer/\S+)\n")


class Place(NamedTuple):
    """Text that must stand in a file once, and what takes its place."""

    old: str
    new: str


class Edit(NamedTuple):
    """One block: a new file, where `places` is None, or the places that change in one."""

    path: str
    text: str
    places: tuple[Place, ...] | None


def edits(page: str) -> Iterator[Edit]:
    """The edits of a page, in their order; other blocks are passed over."""
    for language, block in _BLOCK.findall(page):
        if language == "diff":
            header = _CHANGED.match(block)
            assert header, f"a diff of no file: {block}"
            yield Edit(header[1], "", tuple(_places(block[header.end() :])))
        elif header := _NEW.match(block):
            yield Edit(header[1], block[header.end() :], None)


def _places(diff: str) -> Iterator[Place]:
    for hunk in re.split(r"^@@.*\n", diff, flags=re.MULTILINE):
        lines = [line or " " for line in hunk.splitlines()]
        assert all(line[0] in " +-" for line in lines), hunk
        yield Place(
            "".join(f"{line[1:]}\n" for line in lines if line[0] != "+"),
            "".join(f"{line[1:]}\n" for line in lines if line[0] != "-"),
        )


def apply(root: Path, page: str) -> list[str]:
    """Apply the edits of a page to the package below `root`; the files touched.

    AssertionError where the page does not fit the package any more.
    """
    touched: dict[str, None] = {}
    for edit in edits(page):
        path = root / edit.path
        touched[edit.path] = None
        if edit.places is None:
            assert not path.exists(), f"{edit.path} is there already"
            path.parent.mkdir(exist_ok=True)
            path.write_text(edit.text, encoding="utf-8")
            continue
        text = path.read_text(encoding="utf-8")
        for place in edit.places:
            assert text.count(place.old) == 1, f"{edit.path} has not just once:\n{place.old}"
            text = text.replace(place.old, place.new)
        path.write_text(text, encoding="utf-8")
    return list(touched)
