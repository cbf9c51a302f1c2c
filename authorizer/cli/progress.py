"""Progress bars: on a terminal only, and on standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import segments as journal
from authorizer.terminal import Lines, StatusLine


def status_line() -> StatusLine:
    """The status line that a command's log lines and bars share; a new one outside a command."""
    context = click.get_current_context(silent=True)
    return StatusLine() if context is None else context.find_root().ensure_object(StatusLine)


@contextmanager
def progress(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """A bar for as long as the context lasts; what it gives is told of every step's length."""
    if not (length and sys.stderr.isatty()):
        yield lambda _: None
        return
    bar = click.progressbar(length=length, label=label, file=sys.stderr)
    line = status_line()
    line.show(bar)
    try:
        yield line.move
        line.move(max(0, length - bar.pos))
    finally:
        line.end()


def tell(message: str) -> None:
    """Say something on standard error, above a bar."""
    Lines(sys.stderr, status_line()).write(f"{message}\n")


def journal_bytes(disk: Disk) -> int:
    """How many bytes there are to read."""
    return sum(disk.size(name) for name in journal.segments(disk))
