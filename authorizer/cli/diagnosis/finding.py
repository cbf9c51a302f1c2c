"""A finding of a check of the machine, the settings and the data folder."""

from enum import Enum
from typing import NamedTuple


class Standing(Enum):
    """Whether what was found will do."""

    OK = "ok"
    WARNING = "warning"
    """It works, but not as well as it could, or not for long."""
    ERROR = "error"
    """A server would not start, lose data, or decline what it should approve."""


class Finding(NamedTuple):
    """What a check found."""

    check: str
    standing: Standing
    found: str
    advice: str = ""


def ok(check: str, found: str) -> Finding:
    """Nothing to be done."""
    return Finding(check, Standing.OK, found)


def warning(check: str, found: str, advice: str) -> Finding:
    """Something to be done in time."""
    return Finding(check, Standing.WARNING, found, advice)


def error(check: str, found: str, advice: str) -> Finding:
    """Something to be done before a server serves."""
    return Finding(check, Standing.ERROR, found, advice)


def size_text(size_bytes: float) -> str:
    """A number of bytes as people read it."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size_bytes < 1024:
            return f"{size_bytes:,.0f} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:,.1f} TiB"
