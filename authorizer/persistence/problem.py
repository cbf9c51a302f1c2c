"""A finding of a check of the data folder."""

from typing import NamedTuple


class Problem(NamedTuple):
    """Something that is not as it was written."""

    file: str
    offset: int | None
    problem: str

    def __str__(self) -> str:
        at = "" if self.offset is None else f" at byte {self.offset}"
        return f"{self.file}{at}: {self.problem}"
