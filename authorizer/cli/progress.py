"""Progress bars: on a terminal only, and on standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from authorizer.persistence.journal import segments as journal
from authorizer.persistence.local_disk import LocalDisk
from authorizer.terminal import Lines, last_line


@contextmanager
def progress(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """A bar for as long as the context lasts; what it gives is told of every step's length."""
    if not (length and sys.stderr.isatty()):
        yield lambda _: None
        return
    bar = click.progressbar(length=length, label=label, file=sys.stderr)
    last_line.show(bar)
    try:
        yield last_line.move
        last_line.move(max(0, length - bar.pos))
    finally:
        last_line.end()


def tell(message: str) -> None:
    """Say something on standard error, above a bar."""
    Lines(sys.stderr).write(f"{message}\n")


def journal_bytes(disk: LocalDisk) -> int:
    """How many bytes there are to read."""
    return sum(disk.size(name) for name in journal.segments(disk))
