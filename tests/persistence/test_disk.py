"""The disk: the same behaviour of the real one, of the one in memory, and behind failpoints."""

from __future__ import annotations

import errno
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from authorizer.persistence.disk import Disk, FilePlace
from authorizer.persistence.local_disk import DataFolderInUseError, LocalDisk
from authorizer.simulation.faulty_disk import FaultyDisk
from authorizer.simulation.inode import SECTOR_BYTES
from authorizer.simulation.memory_disk import MachineDied, MemoryDisk
from tests.support.processes import is_gone
from tests.support.server import PROJECT, python
from tests.support.waiting import comes_true

# --- what every disk does ----------------------------------------------------------------------


@pytest.fixture(params=["local", "memory", "faulty"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    made: dict[str, Callable[[], Disk]] = {
        "local": lambda: LocalDisk(tmp_path),
        "memory": MemoryDisk,
        "faulty": lambda: FaultyDisk(MemoryDisk()),
    }
    return made[request.param]()


def write(disk: Disk, name: str, *pieces: bytes) -> None:
    disk.make_folder(name.rpartition("/")[0])
    file = disk.append(name)
    for piece in pieces:
        file.write(piece)
    file.sync()
    file.close()


def test_what_is_written_is_read(disk: Disk) -> None:
    """Writes come one behind the other, whatever their bytes."""
    write(disk, "f/a", b"one\0", bytes(range(256)), b"")
    assert disk.read("f/a") == b"one\0" + bytes(range(256))
    assert disk.size("f/a") == 260


def test_a_write_of_many_bytes_is_written_whole(disk: Disk) -> None:
    """A write has no upper size."""
    data = os.urandom(1 << 20) * 5
    write(disk, "f/a", data)
    assert disk.read("f/a") == data


def test_a_file_that_is_opened_again_goes_on_at_its_end(disk: Disk) -> None:
    """Opening a file never changes what it holds."""
    write(disk, "f/a", b"one")
    disk.append("f/a").close()
    write(disk, "f/a", b"two")
    assert disk.read("f/a") == b"onetwo"


def test_a_renamed_file_takes_the_place_of_another(disk: Disk) -> None:
    """The file that had the name is gone, and so is the old name."""
    write(disk, "f/a", b"one")
    write(disk, "f/b", b"two")
    disk.rename("f/a", "f/b")
    assert disk.names("f") == ["b"]
    assert disk.read("f/b") == b"one"


def test_a_file_that_is_open_is_still_the_same_under_its_new_name(disk: Disk) -> None:
    """A file is its bytes, not its name."""
    disk.make_folder("f")
    file = disk.append("f/a")
    disk.rename("f/a", "f/b")
    file.write(b"one")
    file.close()
    assert disk.read("f/b") == b"one"


def test_a_removed_file_is_gone(disk: Disk) -> None:
    """Its name can be used anew."""
    write(disk, "f/a", b"one")
    disk.remove("f/a")
    assert disk.names("f") == []
    write(disk, "f/a", b"two")
    assert disk.read("f/a") == b"two"


def test_the_names_of_a_folder_are_sorted_and_its_own(disk: Disk) -> None:
    """Folders are not files; a folder that is missing has no names."""
    for name in ("f/b", "f/a", "f/g/c", "h/d"):
        write(disk, name)
    assert disk.names("f") == ["a", "b"]
    assert disk.names("missing") == []


def test_making_a_folder_again_changes_nothing(disk: Disk) -> None:
    """What is in it stays."""
    write(disk, "f/a", b"one")
    disk.make_folder("f")
    disk.sync_folder("f")
    assert disk.read("f/a") == b"one"


@pytest.mark.parametrize(
    "ask",
    [
        lambda disk: disk.read("f/missing"),
        lambda disk: disk.size("f/missing"),
        lambda disk: disk.sync("f/missing"),
        lambda disk: disk.drop_cache("f/missing"),
        lambda disk: disk.rename("f/missing", "f/other"),
        lambda disk: disk.remove("f/missing"),
        lambda disk: disk.append("missing/file"),
    ],
    ids=["read", "size", "sync", "drop_cache", "rename", "remove", "append"],
)
def test_a_missing_file_or_folder_is_told(disk: Disk, ask: Callable[[Disk], object]) -> None:
    """FileNotFoundError, and nothing came into being."""
    disk.make_folder("f")
    with pytest.raises(FileNotFoundError):
        ask(disk)
    assert disk.names("f") == []


def test_messages_name_a_file_by_its_path(disk: Disk) -> None:
    """Whoever reads a message finds the file."""
    assert disk.path("f/a").endswith("/f/a")


# --- the real disk -----------------------------------------------------------------------------


class Syncs:
    """What the process asked the device to make durable, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[tuple[str, int]] = []
        """(call, number of the file's inode)."""
        for call in ("fsync", "fdatasync"):
            monkeypatch.setattr(os, call, self._noting(call, getattr(os, call)))

    def _noting(self, call: str, real: Callable[[int], None]) -> Callable[[int], None]:
        def note(descriptor: int) -> None:
            real(descriptor)
            self.seen.append((call, os.fstat(descriptor).st_ino))

        return note


def synced(call: str, path: Path) -> tuple[str, int]:
    return call, path.stat().st_ino


@pytest.fixture
def local(tmp_path: Path) -> LocalDisk:
    return LocalDisk(tmp_path / "data")


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> Syncs:
    return Syncs(monkeypatch)


def test_syncing_a_file_syncs_its_data(local: LocalDisk, tmp_path: Path, syncs: Syncs) -> None:
    """`fdatasync` of that very file."""
    local.make_folder("f")
    file = local.append("f/a")
    file.write(b"one")
    syncs.seen.clear()
    file.sync()
    file.close()
    assert syncs.seen == [synced("fdatasync", tmp_path / "data/f/a")]


def test_a_rename_is_durable_when_it_returns(
    local: LocalDisk, tmp_path: Path, syncs: Syncs
) -> None:
    """The folder is synced behind it."""
    write(local, "f/a", b"one")
    syncs.seen.clear()
    local.rename("f/a", "f/b")
    assert syncs.seen == [synced("fsync", tmp_path / "data/f")]


def test_a_file_is_synced_by_its_name_though_it_may_only_be_read(
    local: LocalDisk, tmp_path: Path, syncs: Syncs
) -> None:
    """Old segments may be protected against writing."""
    write(local, "f/a", b"one")
    (tmp_path / "data/f/a").chmod(0o400)
    syncs.seen.clear()
    local.sync("f/a")
    assert syncs.seen == [synced("fsync", tmp_path / "data/f/a")]


def test_bytes_that_are_overwritten_are_durable_when_it_returns(
    local: LocalDisk, tmp_path: Path, syncs: Syncs
) -> None:
    """A key that was destroyed must not come back with the next start."""
    write(local, "f/a", b"0123456789")
    syncs.seen.clear()
    local.overwrite("f/a", 2, b"abc")
    assert syncs.seen == [synced("fdatasync", tmp_path / "data/f/a")]
    assert local.read("f/a") == b"01abc56789"


def test_a_short_overwrite_goes_on_until_all_is_written(
    local: LocalDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operating system may take fewer bytes than it was given."""
    write(local, "f/a", b"0123456789")
    real = os.pwrite
    monkeypatch.setattr(
        os, "pwrite", lambda descriptor, data, offset: real(descriptor, data[:2], offset)
    )
    local.overwrite("f/a", 1, b"abcdefg")
    assert local.read("f/a") == b"0abcdefg89"


def test_a_file_whose_cache_was_dropped_reads_the_same(disk: Disk) -> None:
    """What is durable is on the device, and what is not yet durable stays in memory."""
    write(disk, "f/a", b"one")
    disk.append("f/a").write(b"two")
    disk.drop_cache("f/a")
    assert disk.read("f/a") == b"onetwo"


@pytest.mark.parametrize("call", ["write", "fdatasync", "pwrite", "fsync"])
def test_an_error_names_the_file(
    call: str, local: LocalDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system knows an open file by a number only, and whoever reads the log does not."""
    write(local, "f/a", b"0123456789")
    file = local.append("f/a")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, call, refuse)
    ask: dict[str, Callable[[], None]] = {
        "write": lambda: file.write(b"x"),
        "fdatasync": file.sync,
        "pwrite": lambda: local.overwrite("f/a", 0, b"x"),
        "fsync": lambda: local.sync("f/a"),
    }
    with pytest.raises(OSError, match=str(tmp_path / "data/f/a")) as refused:
        ask[call]()
    assert refused.value.errno == errno.ENOSPC
    file.close()


def test_a_folder_is_durable_when_it_was_made(
    local: LocalDisk, tmp_path: Path, syncs: Syncs
) -> None:
    """Every folder on the way that holds a new entry is synced."""
    local.make_folder("f/g")
    folders = {tmp_path, tmp_path / "data", tmp_path / "data/f"}
    assert {synced("fsync", folder) for folder in folders} <= set(syncs.seen)


def test_a_folder_that_was_there_is_durable_too(
    local: LocalDisk, tmp_path: Path, syncs: Syncs
) -> None:
    """Whoever made it may have been killed before its entry was synced."""
    (tmp_path / "data" / "f").mkdir(parents=True)
    local.make_folder("f")
    assert synced("fsync", tmp_path / "data") in syncs.seen


def test_syncing_a_folder_syncs_its_entries(local: LocalDisk, tmp_path: Path, syncs: Syncs) -> None:
    """`fsync` of that very folder."""
    local.make_folder("f")
    syncs.seen.clear()
    local.sync_folder("f")
    assert syncs.seen == [synced("fsync", tmp_path / "data/f")]


def test_a_short_write_goes_on_until_all_is_written(
    local: LocalDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operating system may take fewer bytes than it was given."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:3]))
    write(local, "f/a", b"0123456789")
    assert local.read("f/a") == b"0123456789"


def test_a_full_disk_is_told_and_no_write_is_lost_in_silence(
    local: LocalDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OSError where only a part was taken."""
    real, calls = os.write, []

    def fill_up(descriptor: int, data: bytes) -> int:
        calls.append(data)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "no space left")
        return real(descriptor, data[:3])

    local.make_folder("f")
    file = local.append("f/a")
    monkeypatch.setattr(os, "write", fill_up)
    with pytest.raises(OSError, match="no space left"):
        file.write(b"0123456789")
    file.close()
    assert local.read("f/a") == b"012"


def test_only_the_owner_reads_the_data_folder(local: LocalDisk, tmp_path: Path) -> None:
    """It holds personal data."""
    local.make_folder(".")
    write(local, "f/a", b"one")
    for path in (tmp_path / "data", tmp_path / "data/f", tmp_path / "data/f/a"):
        assert path.stat().st_mode & 0o077 == 0


@pytest.fixture
def other_process(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that owns the data folder until its standard input is closed."""
    program = (
        "import sys; from pathlib import Path\n"
        "from authorizer.persistence.local_disk import LocalDisk\n"
        "with LocalDisk(Path(sys.argv[1])).lock():\n"
        "    print('locked', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [python(), "-c", program, str(tmp_path / "data")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        yield process
        process.kill()


def test_a_data_folder_has_one_owner(
    local: LocalDisk, other_process: subprocess.Popen[bytes]
) -> None:
    """The message names the process that owns it."""
    with pytest.raises(DataFolderInUseError, match=f"process {other_process.pid}"), local.lock():
        pytest.fail("the folder has two owners")


@pytest.mark.usefixtures("other_process")
def test_a_data_folder_whose_lock_file_was_removed_has_one_owner_still(
    local: LocalDisk, tmp_path: Path
) -> None:
    """The folder is locked as well, and nobody removes that one by hand and goes on."""
    (tmp_path / "data/lock").unlink()
    for _ in range(2):
        with pytest.raises(DataFolderInUseError), local.lock():
            pytest.fail("the folder has two owners")


def test_a_turn_whose_lock_file_was_removed_is_waited_for(local: LocalDisk, tmp_path: Path) -> None:
    """Else one of two changes of the same file is lost."""
    local.make_folder("f")
    program = (
        "import sys; from pathlib import Path\n"
        "from authorizer.persistence.local_disk import LocalDisk\n"
        "print('asking', flush=True)\n"
        "data = Path(sys.argv[1])\n"
        "with LocalDisk(data).turn('f/lock'):\n"
        "    print('mine' if (data / 'f/done').exists() else 'too early', flush=True)\n"
    )
    with local.turn("f/lock"):
        (tmp_path / "data/f/lock").unlink()
        other = subprocess.Popen(
            [python(), "-c", program, str(tmp_path / "data")], stdout=subprocess.PIPE, cwd=PROJECT
        )
        assert other.stdout is not None
        assert other.stdout.readline() == b"asking\n"
        wait_until_locked_by(other.pid)
        (tmp_path / "data/f/done").touch()
    assert other.communicate(timeout=60)[0] == b"mine\n"


def wait_until_locked_by(process: int) -> None:
    """Until a process waits for a lock, or has ended."""
    waiting = re.compile(rf"-> FLOCK .* {process} ")
    comes_true(lambda: waiting.search(Path("/proc/locks").read_text()) or is_gone(process))


def test_a_file_is_at_its_place_until_it_is_removed_moved_or_replaced(disk: Disk) -> None:
    """What is written behind that is lost."""
    write(disk, "f/a", b"one")
    write(disk, "f/b", b"other")
    place = FilePlace(disk, "f/a")
    disk.append("f/a").write(b"two")
    place.check()
    disk.rename("f/b", "f/a")
    for _ in range(2):
        with pytest.raises(OSError, match="removed, moved or replaced"):
            place.check()
    gone = FilePlace(disk, "f/a")
    disk.remove("f/a")
    with pytest.raises(OSError, match="f/a"):
        gone.check()


def test_a_data_folder_is_free_when_its_owner_is_killed(
    local: LocalDisk, other_process: subprocess.Popen[bytes]
) -> None:
    """No stale lock keeps the next start from happening."""
    other_process.kill()
    other_process.wait(60)
    with local.lock():
        pass


def test_a_data_folder_is_free_when_its_owner_lets_it_go(local: LocalDisk) -> None:
    """It can be owned again and again."""
    for _ in range(2):
        with local.lock():
            pass


# --- the disk in memory ------------------------------------------------------------------------


def seeds() -> list[Random]:
    return [Random(seed) for seed in range(200)]


def test_what_is_synced_survives_the_loss_of_power() -> None:
    """A synced file under a synced name, and nothing else, is sure."""
    for random in seeds():
        disk = MemoryDisk()
        write(disk, "f/a", b"one")
        disk.sync_folder("f")
        disk.lose_power(random)
        assert disk.files() == {"f/a": b"one"}


def test_what_is_not_synced_is_lost_kept_cut_or_has_holes() -> None:
    """Each of these happens; the synced part stays, and sectors are lost as a whole."""
    data = b"x" * (2 * SECTOR_BYTES)
    seen = set()
    for random in seeds():
        disk = MemoryDisk()
        write(disk, "f/a", b"synced")
        disk.sync_folder("f")
        disk.append("f/a").write(data)
        disk.lose_power(random)
        left = disk.read("f/a")
        assert left.startswith(b"synced")
        for begin in range(0, len(left), SECTOR_BYTES):
            sector = left[max(begin, len(b"synced")) : begin + SECTOR_BYTES]
            assert len(set(sector)) <= 1
        whole = len(left) in (len(b"synced"), len(b"synced") + len(data))
        seen.add((whole, b"x" in left, b"\0" in left))
    lost, kept, cut = (True, False, False), (True, True, False), (False, True, False)
    assert seen >= {lost, kept, cut, (True, True, True)}


def test_a_new_name_that_is_not_synced_may_be_lost() -> None:
    """Syncing the file is not enough."""
    left = set()
    for random in seeds():
        disk = MemoryDisk()
        write(disk, "f/a", b"one")
        disk.lose_power(random)
        left.add(tuple(disk.names("f")))
    assert left == {(), ("a",)}


def test_a_rename_is_whole_or_did_not_happen() -> None:
    """Power lost between the rename and its sync: one of both names is there, never none."""
    left = set()
    for random in seeds():
        disk = MemoryDisk()
        write(disk, "f/a", b"one")
        disk.sync_folder("f")
        disk.die_after(1)
        with pytest.raises(MachineDied):
            disk.rename("f/a", "f/b")
        disk.lose_power(random)
        left.add(tuple(disk.names("f")))
    assert left == {("a",), ("b",)}


def test_a_removed_file_may_come_back() -> None:
    """Removing is not durable before the folder is synced."""
    left = set()
    for random in seeds():
        disk = MemoryDisk()
        write(disk, "f/a", b"one")
        disk.sync_folder("f")
        disk.remove("f/a")
        disk.lose_power(random)
        left.add(tuple(disk.names("f")))
    assert left == {(), ("a",)}


def test_what_a_killed_process_wrote_is_there_and_still_not_synced() -> None:
    """The operating system lives on, and its cache with it: until power is lost."""
    left = set()
    for random in seeds():
        disk = MemoryDisk()
        write(disk, "f/a", b"one")
        disk.sync_folder("f")
        file = disk.append("f/a")
        file.write(b"two")
        disk.kill()
        assert disk.read("f/a") == b"onetwo"
        with pytest.raises(MachineDied):
            file.write(b"three")
        disk.lose_power(random)
        left.add(disk.read("f/a"))
    assert {b"one", b"onetwo", b"one\0\0\0"} <= left


def test_nothing_happens_on_a_disk_whose_machine_has_died() -> None:
    """The step it died at has not happened, and no later one does."""
    disk = MemoryDisk()
    disk.make_folder("f")
    file = disk.append("f/a")
    disk.die_after(1)
    file.write(b"one")
    for step in (file.sync, lambda: file.write(b"two"), lambda: disk.rename("f/a", "f/b")):
        with pytest.raises(MachineDied):
            step()
    disk.kill()
    assert disk.files() == {"f/a": b"one"}
    assert disk.steps == ["make_folder", "append", "write"]


def test_a_sync_that_failed_leaves_bytes_that_are_read_and_lost() -> None:
    """Later syncs succeed, and what is written behind does not bring the lost bytes back."""
    for random in seeds():
        disk = MemoryDisk()
        write(disk, "f/a", b"one")
        disk.sync_folder("f")
        file = disk.append("f/a")
        disk.fail_sync()
        file.write(b"two")
        with pytest.raises(OSError, match="Input/output error"):
            file.sync()
        file.sync()
        assert disk.read("f/a") == b"onetwo"
        file.write(b"three")
        file.sync()
        disk.overwrite("f/a", 3, b"t")
        assert disk.read("f/a") == b"onetwothree"
        disk.lose_power(random)
        assert disk.read("f/a") == b"one\0\0\0three"


def test_a_sync_that_failed_lets_the_device_be_seen_once_the_cache_is_dropped() -> None:
    """So a start that drops it finds out."""
    disk = MemoryDisk()
    write(disk, "f/a", b"one")
    file = disk.append("f/a")
    disk.fail_sync()
    file.write(b"two")
    with pytest.raises(OSError, match="Input/output error"):
        file.sync()
    disk.drop_cache("f/a")
    assert disk.read("f/a") == b"one"


def test_a_sync_of_a_folder_that_failed_leaves_names_that_are_seen_and_lost() -> None:
    """The rename has happened for everybody, until power is lost."""
    for random in seeds():
        disk = MemoryDisk()
        write(disk, "f/a", b"one")
        disk.sync_folder("f")
        disk.fail_sync()
        with pytest.raises(OSError, match="Input/output error"):
            disk.rename("f/a", "f/b")
        disk.sync_folder("f")
        assert disk.names("f") == ["b"]
        disk.lose_power(random)
        assert disk.names("f") == ["a"]


# --- the disk that refuses ---------------------------------------------------------------------


def test_a_failpoint_refuses_the_nth_of_its_operations() -> None:
    """Those before it and behind it pass."""
    disk = FaultyDisk(MemoryDisk())
    disk.make_folder("f")
    disk.fail("write", "f/a*", errno.ENOSPC, nth=2, written_bytes=2)
    file, other = disk.append("f/a"), disk.append("f/b")
    file.write(b"one")
    other.write(b"not this one")
    with pytest.raises(OSError, match=r"No space left on device.*f/a") as failed:
        file.write(b"two")
    assert failed.value.errno == errno.ENOSPC
    file.write(b"!")
    assert disk.read("f/a") == b"onetw!"
    assert disk.calls[:2] == [("make_folder", "f"), ("append", "f/a")]


def test_a_failpoint_may_refuse_forever() -> None:
    """A dead disk stays dead until it is mended."""
    disk = FaultyDisk(MemoryDisk())
    disk.make_folder("f")
    file = disk.append("f/a")
    disk.fail("sync", nth=2, forever=True)
    file.sync()
    for _ in range(3):
        with pytest.raises(OSError, match="Input/output error"):
            file.sync()
    disk.mend()
    file.sync()
