"""A sync that fails on a real device: what is answered after the next start is on it.

Linux takes pages whose write-back has failed for clean: the system reads them, no device has them,
and a sync finds nothing to do. A file in a full tmpfs, mounted through a loop device, is such a
device. Mounting it anew shows what is on it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from tests.support.documents import encode, purchase
from tests.support.server import PATIENT, Server, ServerEnded
from tests.support.together import Request, send_together

STATUS_OF_A_FAILED_JOURNAL: Final = 74
WAVE: Final = 200
"""Purchases at once: so many that a batch of them has pages of the file to itself."""
BACKING_BYTES: Final = 12 << 20
DEVICE_BYTES: Final = 64 << 20
"""Far more than what is behind it: a file system that believes in room that is not there."""
BLOCK_BYTES: Final = 4096
OWN_BLOCKS: Final = 1041
"""What the file system keeps for itself, at the beginning of the device: tables and journal."""
LAYOUT: Final = (
    *("-b", str(BLOCK_BYTES), "-N", "128", "-O", "has_journal,^resize_inode"),
    *("-J", "size=4,location=0", "-E", "nodiscard"),
)
QUICKLY: Final = (*PATIENT, "--reports", "false", "--disk-reserve-mib", "0")


class ThinDevice:
    """An ext4 file system on a loop device on a file in a tmpfs, all below one folder."""

    def __init__(self, folder: Path) -> None:
        self.backing = folder / "backing"
        self.mounted = folder / "mounted"
        self._image = self.backing / "image"
        self._filler = self.backing / "filler"
        self._undo: tuple[Path, str] | None = None

    def make(self) -> None:
        """Skips the test with the reason where this machine does not allow it."""
        for folder in (self.backing, self.mounted):
            folder.mkdir()
        size = f"size={BACKING_BYTES},mode=700"
        try_or_skip("mount", "-t", "tmpfs", "-o", size, "none", self.backing)
        with self._image.open("wb") as image:
            image.truncate(DEVICE_BYTES)
        try_or_skip("mkfs.ext4", "-q", "-F", *LAYOUT, self._image)
        with self._image.open("r+b") as image:  # room for these from the beginning
            own = image.read(OWN_BLOCKS * BLOCK_BYTES)
            image.seek(0)
            image.write(own)
        try_or_skip(*self._mount())
        limit = request_limit(self.mounted)
        self._undo = (limit, limit.read_text())
        limit_requests(limit, f"{BLOCK_BYTES // 1024}")

    def mount(self) -> None:
        """Only what is on the device is to be seen then."""
        done(run(*self._mount()))

    def _mount(self) -> tuple[str | Path, ...]:
        """The loop device goes with the mount."""
        return ("mount", "-o", "loop,errors=continue", self._image, self.mounted)

    def unmount(self) -> None:
        self._leave_device()
        done(run("umount", self.mounted))

    def fill(self) -> None:
        """Leave no room: what the image has room for already can be written, nothing else can."""
        with self._filler.open("wb", buffering=0) as filler:
            for size in (1 << 16, 1 << 12):
                try:
                    while filler.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    def free(self) -> None:
        self._filler.unlink()

    def _leave_device(self) -> None:
        if self._undo:
            limit_requests(*self._undo)
            self._undo = None

    def end(self) -> None:
        """Unmount what is mounted, in use or not."""
        self._leave_device()
        for folder in (self.mounted, self.backing):
            while folder.is_mount():
                if run("umount", folder).returncode:
                    done(run("umount", "--lazy", folder))


def request_limit(mounted: Path) -> Path:
    device = mounted.stat().st_dev
    path = f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/queue/max_sectors_kb"
    return Path(path)


def limit_requests(limit: Path, kb: str) -> None:
    """Set how much one request to a device may write.

    A loop device says that a request is done if its first block is, though there was no room for
    the others. So a request must not have more than one.
    """
    try:
        limit.write_text(kb)
    except OSError as error:
        pytest.skip(f"the loop device can't be set: {error}")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def done(ran: subprocess.CompletedProcess[str]) -> None:
    assert ran.returncode == 0, ran.stderr


def try_or_skip(*command: str | Path) -> None:
    try:
        ran = run(*command)
    except FileNotFoundError:
        pytest.skip(f"there is no {command[0]} here")
    if ran.returncode:
        pytest.skip(f"{command[0]} does not do it here: {ran.stdout}{ran.stderr}")


@pytest.fixture
def device(tmp_path: Path) -> Iterator[ThinDevice]:
    made = ThinDevice(tmp_path)
    try:
        made.make()
        yield made
    finally:
        made.end()


@pytest.fixture
def server(device: ThinDevice, journal_sync: str) -> Iterator[Server]:
    made = Server(device.mounted, (*QUICKLY, "--journal-sync", journal_sync))
    made.log_path = device.mounted.parent / "server.log"
    try:
        yield made
    finally:
        made.end()


def test_what_is_answered_after_a_failed_sync_is_on_the_device(
    device: ThinDevice, server: Server
) -> None:
    """Of purchases before the failure, in it, and after it."""
    server.start().client.open_account("a", FOOD="1000000.00")
    approved = buy(server, "before")
    assert len(approved) == WAVE
    device.fill()
    unanswered: list[str] = []
    for wave in count():
        answered = buy(server, f"full-{wave}")
        approved += answered
        if len(answered) < WAVE:
            unanswered = sorted(set(ids(f"full-{wave}")) - set(answered))
            break
    assert server.wait_end() == STATUS_OF_A_FAILED_JOURNAL
    assert "ending without an answer" in server.log()

    with pytest.raises(ServerEnded, match=f"status {STATUS_OF_A_FAILED_JOURNAL} "):
        server.start()  # as a supervisor does, and there is still no room

    device.free()
    server.start()
    approved += ask(server, unanswered)
    approved += buy(server, "after")
    assert len(approved) == WAVE * (3 + wave)
    spent = 1_000_000 - server.client.total("a")
    assert spent == len(approved)
    assert server.stop() == 0

    device.unmount()
    device.mount()
    client = server.start().client
    lost = [one for one in approved if not client.authorize(a_purchase(one)).replayed]
    assert lost == []
    assert client.total("a") == 1_000_000 - spent
    assert server.stop() == 0


def ids(name: str) -> list[str]:
    return [f"{name}-{number}" for number in range(WAVE)]


def a_purchase(purchase_id: str) -> dict[str, object]:
    return purchase("a", "1.00", id=purchase_id)


def buy(server: Server, name: str) -> list[str]:
    """Buy at once, each under an id of its own; the ids of those that were answered 00."""
    return ask(server, ids(name))


def ask(server: Server, wanted: list[str]) -> list[str]:
    requests = [Request("POST", "/transactions", encode(a_purchase(one))) for one in wanted]
    answers = send_together(server.port, requests)
    assert {answer.code for answer in answers if answer} <= {"00"}
    return [one for one, answer in zip(wanted, answers, strict=True) if answer]
