"""Running commands, and making and breaking data folders for them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner, Result

from authorizer.cli import main, offline
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.messages import Event
from authorizer.domain.outcomes import Outcome
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.journal.segments import Batch
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.record import encode
from authorizer.runtime.running import Running
from authorizer.settings.loading import load_settings
from tests.support.purchases import decided
from tests.support.server import PROJECT, environment, python

PATIENT: Final = 600_000
"""A deadline in milliseconds that no test reaches."""
SEGMENT_BYTES: Final = 1 << 40


def run(*arguments: object, stdin: str | bytes | None = None) -> Result:
    """Run a command in this process. A traceback fails the test; a refusal does not."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def done(*arguments: object, stdin: str | bytes | None = None) -> str:
    """What a command prints that must succeed."""
    result = run(*arguments, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments: object, status: int = 1, stdin: str | bytes | None = None) -> str:
    """The one line with which a command says that it failed."""
    result = run(*arguments, stdin=stdin)
    assert result.exit_code == status, result.output
    lines: list[str] = result.stderr.splitlines()
    assert lines, result.output
    assert lines[-1].startswith("Error: ")
    assert len(lines) == 1 or status == 2
    return lines[-1]


def command_line(*arguments: object) -> list[str]:
    """The command line of a process of its own."""
    return [python(), "-m", "authorizer", *map(str, arguments)]


def start(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Start a command as a process of its own, with all its streams as pipes."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command_line(*arguments),
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
        cwd=PROJECT,
        env=environment(),
        **options,
    )


def json_lines(text: str) -> list[dict[str, Any]]:
    """The objects of NDJSON."""
    return [json.loads(line) for line in text.splitlines()]


def write_lines(path: Path, *lines: object) -> Path:
    """A file of NDJSON; text is written as it is."""
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def account(account_id: str, **balances: float) -> dict[str, Any]:
    """A line that opens an account."""
    return {"account": account_id, "balances": balances}


def buy(data: Path, *purchases: Authorize) -> list[Outcome]:
    """Have purchases decided one after the other, as a server would."""

    async def job(running: Running) -> list[Outcome]:
        outcomes = []
        for command in purchases:
            now_ns = running.clock.monotonic_ns()
            timed = command._replace(received_ns=now_ns)
            outcomes.append(await decided(running.actors.dispatcher, timed))
        return outcomes

    return offline.work(load_settings(data=data, deadline_ms=PATIENT), job)


def take_snapshot(data: Path) -> Path:
    """Have a snapshot taken, and give its path."""
    return Path(done("snapshot", "--data", data).strip())


def batches(data: Path) -> list[Batch]:
    """All batches of a journal."""
    return list(JournalReader(LocalDisk(data)))


def head(data: Path) -> str:
    """The journal's head, as `verify` prints it."""
    last = batches(data)[-1]
    return f"{last.last_position}:{last.header.chain.hex()}"


def write_batch(data: Path, records: Sequence[bytes], segment_bytes: int = SEGMENT_BYTES) -> None:
    """Write a sound batch behind a journal, whatever is in its records."""
    disk = LocalDisk(data)
    reader = JournalReader(disk)
    for _ in reader:
        pass
    opened = FileJournal(disk, reader, segment_bytes)
    opened.write(opened.position + 1, records)
    opened.close()


def write_events(data: Path, *events: Event) -> None:
    """Write events behind a journal, as one batch."""
    write_batch(data, [encode(event) for event in events])


def journal_files(data: Path) -> list[Path]:
    """The segments of a journal, oldest first."""
    return [data / name for name in journal.segments(LocalDisk(data))]


def flip(path: Path, offset: int) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def everything(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its content."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
