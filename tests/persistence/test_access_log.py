"""The log of who read whose data, on a disk that fills up."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from authorizer.domain.access import DataAccess
from authorizer.persistence.journal.segments import JournalDamagedError
from authorizer.persistence.local_disk import LocalDisk, LocalFile
from authorizer.persistence.privacy.access_log import INDEX, RESERVE, AccessLog, read_accesses


class FillingDisk(LocalDisk):
    """A disk on which nothing can be written while it is full, and the reserve makes room once."""

    full = False

    def append(self, name: str) -> LocalFile:
        file = super().append(name)
        write = file.write

        def checked(data: bytes) -> None:
            if self.full:
                write(data[: len(data) // 2])
                raise OSError(errno.ENOSPC, "no space left on device")
            write(data)

        file.write = checked  # type: ignore[method-assign]
        return file

    def remove(self, name: str) -> None:
        super().remove(name)
        if name == RESERVE:
            self.full = False


def access(number: int, *customers: str) -> DataAccess:
    return DataAccess(number, "auditor:a", "busca", customers or ("c",), f"r-{number}")


def numbers(log: AccessLog, customer_id: str = "c", before: int | None = None) -> list[int]:
    return [one.access.at_us for one in log.page(customer_id, before, 100)]


def test_what_is_written_is_found_by_customer_newest_first(tmp_path: Path) -> None:
    log = AccessLog(LocalDisk(tmp_path))
    log.write([access(1), access(2, "d")])
    log.write([access(3, "c", "d")])
    assert (numbers(log), numbers(log, "d"), numbers(log, "e")) == ([3, 1], [3, 2], [])
    (newest,) = log.page("c", None, 1)
    assert numbers(log, before=newest.position) == [1]
    log.close()
    again = AccessLog(LocalDisk(tmp_path))
    assert numbers(again) == [3, 1]
    again.write([access(4)])
    assert [one.access.at_us for one in read_accesses(LocalDisk(tmp_path))] == [1, 2, 3, 4]
    again.close()


def test_the_index_follows_the_log(tmp_path: Path) -> None:
    log = AccessLog(LocalDisk(tmp_path))
    log.write([access(1)])
    log.close()
    (tmp_path / INDEX).write_bytes(b"no database at all" * 100)
    log = AccessLog(LocalDisk(tmp_path))
    assert numbers(log) == [1]
    log.close()
    for file in tmp_path.glob("journal/*"):
        file.unlink()
    log = AccessLog(LocalDisk(tmp_path))
    assert numbers(log) == [], "another log"
    log.close()


def test_a_full_disk_takes_the_reserve_and_then_refuses(tmp_path: Path) -> None:
    disk = FillingDisk(tmp_path)
    log = AccessLog(disk)
    log.write([access(1)])
    assert (tmp_path / RESERVE).exists()
    disk.full = True
    log.write([access(2)])
    assert not (tmp_path / RESERVE).exists()
    disk.full = True
    for number in (3, 4):
        with pytest.raises(OSError, match="no space"):
            log.write([access(number)])
    disk.full = False
    log.write([access(5)])
    assert numbers(log) == [5, 2, 1]
    log.close()


def test_a_changed_record_is_found(tmp_path: Path) -> None:
    log = AccessLog(LocalDisk(tmp_path))
    log.write([access(1)])
    log.write([access(2)])
    log.close()
    (segment,) = tmp_path.glob("journal/*.journal")
    segment.write_bytes(segment.read_bytes().replace(b'"r-1"', b'"r-9"'))
    with pytest.raises(JournalDamagedError):
        list(read_accesses(LocalDisk(tmp_path)))
    with pytest.raises(JournalDamagedError):
        AccessLog(LocalDisk(tmp_path)).write([access(3)])
