"""Disks whose syncs take as long as a benchmark wants, for everything that uses them.

The fastest is an ext4 file system on compressed memory (zram). The others are a folder in memory
that is seen once more through FUSE, by ``slow_disk.c``, where every sync waits. FUSE alone takes as
long as 40 to 110 us for one, so it can't be faster than that.

All of it needs root; FUSE needs gcc, fuse3 and libfuse3-dev.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from benchmarks import cores

SOURCE: Final = Path(__file__).with_name("slow_disk.c")
MEMORY: Final = Path("/dev/shm")
ZRAM: Final = Path("/sys/class/zram-control")
ZRAM_BYTES: Final = 1 << 30
APPENDED_BYTES: Final = 8192
"""About a batch of 40 purchases."""
SYNCS: Final = 300
MOUNTING_S: Final = 10.0
INSTALL: Final = (
    "on Debian and Ubuntu: apt-get install gcc libc6-dev pkg-config fuse3 libfuse3-dev e2fsprogs"
)


class DiskError(Exception):
    """A disk could not be made; the message says what is missing."""


def missing() -> str:
    """What these disks need and this machine lacks, in words; empty if nothing."""
    return slowed_missing("mkfs.ext4") or ("" if (ZRAM / "hot_add").exists() else "zram")


def slowed_missing(*more: str) -> str:
    """What slowed disks and ``more`` programs need and this machine lacks; empty if nothing."""
    programs = ("gcc", "pkg-config", "fusermount3", *more)
    lacking = [program for program in programs if shutil.which(program) is None]
    if not lacking and subprocess.run(["pkg-config", "fuse3"], check=False).returncode:
        lacking.append("libfuse3-dev")
    if lacking:
        return f"{', '.join(lacking)} ({INSTALL})"
    return "" if os.geteuid() == 0 else "root"


class SyncTime(NamedTuple):
    """How long one append and its fdatasync take, with nothing else to do."""

    p50_us: float
    p99_us: float


def sync_time(folder: Path) -> SyncTime:
    """Measure a disk."""
    path = folder / "measured"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    taken_s = []
    try:
        for _ in range(SYNCS):
            started = time.perf_counter()
            os.write(descriptor, bytes(APPENDED_BYTES))
            os.fdatasync(descriptor)
            taken_s.append(time.perf_counter() - started)
    finally:
        os.close(descriptor)
        path.unlink()
    p50_us, p99_us = np.percentile(taken_s, [50, 99]) * 1e6
    return SyncTime(float(p50_us), float(p99_us))


def build(folder: Path) -> Path:
    """Compile ``slow_disk.c`` into a folder."""
    program = folder / "slow_disk"
    flags = _run("pkg-config", "--cflags", "--libs", "fuse3").split()
    _run("gcc", "-O2", "-Wall", "-o", str(program), str(SOURCE), *flags)
    return program


@contextmanager
def slowed(program: Path, sync_us: float) -> Iterator[Path]:
    """A disk on which an append and its sync take about so long, if FUSE itself is faster."""
    with _mounted(program, delay_us=0) as folder:
        alone_us = sync_time(folder).p50_us
    with _mounted(program, max(0.0, sync_us - alone_us)) as folder:
        yield folder


@contextmanager
def _mounted(program: Path, delay_us: float) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="slow-disk-", dir=MEMORY) as made:
        behind, folder = Path(made) / "behind", Path(made) / "seen"
        behind.mkdir()
        folder.mkdir()
        command = [str(program), str(behind), str(folder), str(round(delay_us * 1000))]
        with (
            cores.started_on(cores.LOAD),
            subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process,
        ):
            try:
                _wait_for_mount(folder, process)
                yield folder
            finally:
                if folder.is_mount():
                    _unmount(folder)
                else:
                    process.terminate()


def _wait_for_mount(folder: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + MOUNTING_S
    while not folder.is_mount():
        if process.poll() is not None or time.monotonic() > deadline:
            process.terminate()
            raise DiskError(f"the slow disk was not mounted: {process.communicate()[1]}")
        time.sleep(0.01)


def _unmount(folder: Path) -> None:
    """Unmount a disk; whoever used it last may have been killed just now, and still holds it."""
    deadline = time.monotonic() + MOUNTING_S
    while time.monotonic() < deadline:
        with suppress(DiskError):
            _run("fusermount3", "-u", str(folder))
            return
        time.sleep(0.05)
    _run("fusermount3", "-u", "-z", str(folder))


@contextmanager
def in_memory() -> Iterator[Path]:
    """An ext4 file system on a block device in memory: a sync is the system's own work, 30 us."""
    try:
        number = (ZRAM / "hot_add").read_text().strip()
    except OSError as error:
        raise DiskError(f"there is no zram here: {error}") from error
    device = Path(f"/dev/zram{number}")
    try:
        Path(f"/sys/block/zram{number}/disksize").write_text(str(ZRAM_BYTES))
        _run("mkfs.ext4", "-q", "-F", str(device))
        with tempfile.TemporaryDirectory(prefix="memory-disk-") as folder:
            _run("mount", str(device), folder)
            try:
                yield Path(folder)
            finally:
                _run("umount", folder)
    finally:
        (ZRAM / "hot_remove").write_text(number)


def _run(*command: str) -> str:
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise DiskError(f"{command[0]} is missing") from error
    if ran.returncode:
        raise DiskError(f"{' '.join(command)}: {ran.stdout}{ran.stderr}")
    return ran.stdout
