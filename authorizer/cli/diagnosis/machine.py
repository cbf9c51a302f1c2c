"""The machine and the limits of the process: open files, memory, what may leak, the clock."""

import ctypes
import re
from pathlib import Path
from typing import Final

from authorizer.cli.diagnosis.finding import Finding, error, ok, size_text, warning
from authorizer.domain.moments import HOUR_US, SECOND_US, moment_text
from authorizer.server.sockets import MAX_CONNECTIONS, RESERVED_FILES

_FEW_CONNECTIONS: Final = 4096
_TIMEX_BYTES: Final = 512
"""More than `struct timex` takes on any machine."""
TIME_ERROR: Final = 5
"""What adjtimex gives where nothing keeps the clock."""


def check_open_files(hard_limit: int) -> Finding:
    """How many connections the limit of open files leaves; a server raises its own to the hard."""
    connections = max(0, min(hard_limit - RESERVED_FILES, MAX_CONNECTIONS))
    found = f"{hard_limit:,} (hard limit): {connections:,} connections"
    if connections == 0:
        return error("open files", found, "raise it: LimitNOFILE= in the unit, ulimit -n")
    if connections < _FEW_CONNECTIONS:
        advice = "raise it, or connections beyond are closed: LimitNOFILE= in the unit, ulimit -n"
        return warning("open files", found, advice)
    return ok("open files", found)


def check_core_dumps(soft_limit: int) -> Finding:
    """Whether memory, with keys and personal data, may be written to a file."""
    if soft_limit == 0:
        return ok("core dumps", "off")
    return warning("core dumps", "on", "keys may be in them: LimitCORE=0 in the unit, ulimit -c 0")


def check_swap(swaps: str) -> Finding:
    """Whether memory may be written to a disk, by the text of `/proc/swaps`."""
    devices = [line.split()[0] for line in swaps.splitlines()[1:] if line.strip()]
    kept = [device for device in devices if not re.match(r"/dev/(zram|dm-|mapper/)", device)]
    if kept:
        advice = "keys may be in it: turn it off, or encrypt it"
        return warning("swap", ", ".join(kept), advice)
    return ok("swap", "encrypted or in memory" if devices else "off")


def check_memory(meminfo: str, snapshot_bytes: int) -> Finding:
    """Whether a start finds room: it reads a snapshot whole, beside the state it makes of it."""
    match = re.search(r"^MemAvailable: +([0-9]+) kB", meminfo, re.MULTILINE)
    if match is None:
        return warning("memory", "it can't be told how much is free", "see to enough of it")
    available = int(match[1]) << 10
    needed = (256 << 20) + 3 * snapshot_bytes
    found = f"{size_text(available)} are available"
    if available < needed:
        return warning("memory", found, f"a start may take {size_text(needed)}")
    return ok("memory", found)


def clock_state() -> int:
    """What the system says of its clock (adjtimex); -1 where it says nothing."""
    try:
        asked = ctypes.create_string_buffer(_TIMEX_BYTES)  # all zeros: nothing is changed
        return int(ctypes.CDLL(None).adjtimex(asked))
    except (OSError, AttributeError):
        return -1


def check_clock_kept(state: int) -> Finding:
    """Whether something keeps the machine's clock right, by what adjtimex gave."""
    if state == TIME_ERROR:
        advice = "have it kept by chrony or systemd-timesyncd, slewed and not stepped"
        return warning("clock", "nothing keeps it", advice)
    if state < 0:
        return warning("clock", "it can't be told whether it is kept", "have it kept by NTP")
    return ok("clock", "kept")


def check_clock_and_journal(
    now_us: int, newest_us: int, jump_seconds: int, gap_hours: int
) -> Finding:
    """Whether a start would believe the clock, by the journal's newest event; 0: there is none."""
    name = "clock and journal"
    if not newest_us:
        return ok(name, "there is no event yet")
    found = f"the newest event is of {moment_text(newest_us)}, now it is {moment_text(now_us)}"
    if newest_us - now_us > jump_seconds * SECOND_US:
        return error(name, found, "the clock is behind the journal: set it right before the start")
    if now_us - newest_us > gap_hours * HOUR_US:
        return warning(name, found, "where the clock is right, start with --trust-clock")
    return ok(name, found)


def text_of(path: str) -> str:
    """What a file of the system says; nothing where there is none."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""
