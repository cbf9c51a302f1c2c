"""What a check of a data folder says of something that is not as it was written."""

from typing import NamedTuple


class Problem(NamedTuple):
    """Something that is not as it was written."""

    file: str
    offset: int | None
    problem: str

    def __str__(self) -> str:
        at = "" if self.offset is None else f" at byte {self.offset}"
        return f"{self.file}{at}: {self.problem}"
