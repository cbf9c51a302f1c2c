"""`authorizer doctor`."""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import click
import orjson

from authorizer.cli.diagnosis import disks, file_systems, folder, machine
from authorizer.cli.diagnosis.finding import Finding, Standing, error, ok, warning
from authorizer.cli.options import settings_options
from authorizer.cli.progress import journal_bytes
from authorizer.cli.reports import url_problem
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state import snapshot
from authorizer.runtime.world import key_place
from authorizer.settings.model import Settings

_MARKS: Final = {Standing.OK: "ok", Standing.WARNING: "warning", Standing.ERROR: "ERROR"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The findings as one JSON object.")
@settings_options()
def doctor(as_json: bool, settings: Settings) -> None:
    """Tell whether a server would do well here: settings, machine, disk, clock, keys.

    Give it the flags, the environment and the file of `serve`. It looks at the limit of open files,
    core dumps, swap and memory; at the file systems of the data folder and of the keys, their room,
    and how long a sync takes; at the clock, by itself and beside the journal; at the keys of
    personal data and the API keys. Each finding that will not do says what to do.

    May run beside a server. It writes a small file into the data folder, syncs it thirty times and
    takes it away; nothing else is changed. Whether the data is whole is told by `verify`.

    Examples:
      authorizer doctor --data data
      authorizer doctor --config authorizer.toml --json | jq -r '.findings[] | .advice'

    Exit status: 0 no error (there may be warnings), 1 an error, 2 wrong usage.
    """
    found = list(_findings(settings))
    failed = any(each.standing is Standing.ERROR for each in found)
    click.echo(_json(found, failed) if as_json else _text(found))
    if failed:
        sys.exit(1)


def _findings(settings: Settings) -> Iterator[Finding]:
    now_us = time.time_ns() // 1000
    disk = LocalDisk(settings.data)
    newest = next(iter(snapshot.snapshots(disk)), None)
    snapshot_bytes = 0 if newest is None else disk.size(newest)
    yield from _of_settings(settings)
    yield machine.check_open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    yield machine.check_core_dumps(resource.getrlimit(resource.RLIMIT_CORE)[0])
    yield machine.check_swap(machine.text_of("/proc/swaps"))
    yield machine.check_memory(machine.text_of("/proc/meminfo"), snapshot_bytes)
    yield machine.check_clock_kept(machine.clock_state())
    yield from _of_file_systems(settings)
    yield disks.check_room(
        disks.Room.of(str(_there(settings.data))), settings.segment_mib << 20, snapshot_bytes
    )
    if not settings.data.is_dir():
        yield warning("data folder", f"{settings.data} is not there", "`serve` or `init` makes it")
        return
    yield from _of_folder(settings, disk, now_us)
    yield folder.check_start(journal_bytes(disk), snapshot_bytes, newest is not None)


def _of_settings(settings: Settings) -> Iterator[Finding]:
    problem = None
    if settings.reports and settings.reports_url is not None:
        problem = url_problem(settings.reports_url)
    if problem is not None:
        yield error("settings", f"reports_url: {problem}", "`serve` would not start")
    else:
        yield ok("settings", "they can be taken; `authorizer settings` shows them")


def _of_file_systems(settings: Settings) -> Iterator[Finding]:
    mounts = machine.text_of(str(file_systems.MOUNTS))
    keys = settings.personal_keys
    for what, path, holds_keys in (
        ("data folder", settings.data, keys is None),
        *([("keys", keys, True)] if keys is not None else []),
    ):
        there = _there(path)
        mount = file_systems.mount_of(there, mounts)
        yield file_systems.check_file_system(what, path, mount, holds_keys)


def _of_folder(settings: Settings, disk: LocalDisk, now_us: int) -> Iterator[Finding]:
    yield folder.check_ownership("data folder", settings.data, folder.user_id())
    unfinished = folder.check_restored(disk)
    if unfinished is not None:
        yield unfinished
    yield folder.check_use(settings.data, machine.text_of("/proc/locks"))
    yield machine.check_clock_and_journal(
        now_us, folder.newest_event_us(disk), settings.clock_jump_seconds, settings.clock_gap_hours
    )
    keys = key_place(settings, disk)
    yield folder.check_keys(keys.disk, keys.folder)
    yield folder.check_api_keys(disk, settings.is_loopback, now_us)
    try:
        yield disks.check_speed(disks.sync_seconds(disk), settings.deadline_ms)
    except OSError as problem:
        yield error("speed of the disk", str(problem), "the folder can't be written")


def _there(path: Path) -> Path:
    """The path, or the folder that would hold it."""
    with suppress(OSError):
        path = path.resolve()
    return next(each for each in (path, *path.parents) if each.exists())


def _text(found: list[Finding]) -> str:
    width = max(len(each.check) for each in found)
    lines = []
    for each in found:
        advice = f"; {each.advice}" if each.advice else ""
        lines.append(f"{_MARKS[each.standing]:<8} {each.check:<{width}}  {each.found}{advice}")
    counted = {standing: sum(each.standing is standing for each in found) for standing in Standing}
    errors, warnings = counted[Standing.ERROR], counted[Standing.WARNING]
    return "\n".join([*lines, f"{'result':<8} {errors} errors, {warnings} warnings"])


def _json(found: list[Finding], failed: bool) -> str:
    findings = [each._asdict() | {"standing": each.standing.value} for each in found]
    return orjson.dumps(
        {"ok": not failed, "findings": findings}, option=orjson.OPT_INDENT_2
    ).decode()
