"""Progress bars: on a terminal only, and on standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from authorizer.persistence import journal
from authorizer.persistence.disk import LocalDisk


@contextmanager
def progress(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """A bar for as long as the context lasts; what it gives is told of every step's length."""
    if not (length and sys.stderr.isatty()):
        yield lambda _: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar.update
        bar.update(max(0, length - bar.pos))


def tell(message: str) -> None:
    """Say something on standard error; a bar that is on the line gives way."""
    click.echo(("\r\033[K" if sys.stderr.isatty() else "") + message, err=True)


def journal_bytes(disk: LocalDisk) -> int:
    """How many bytes there are to read."""
    return sum(disk.size(name) for name in journal.segments(disk))
