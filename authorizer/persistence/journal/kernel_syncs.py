"""Syncs by the kernel: Linux's asynchronous I/O, and an eventfd that tells of a sync's end.

No thread of this process waits for the disk, so none waits for the interpreter's lock afterwards,
which the event loop holds whenever it has something to do.

The structures are those of `linux/aio_abi.h`, the calls those of io_setup(2), io_submit(2),
io_getevents(2) and io_destroy(2). A file is synced so since Linux 4.18.
"""

import ctypes
import os
import platform
import select
import sys
import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable
from typing import Final, NamedTuple

from typing_extensions import override

from authorizer.persistence.disk import DiskFile
from authorizer.persistence.journal.syncs import Done, Syncs

_FDSYNC: Final = 3
_TELL_EVENTFD: Final = 1


class NoKernelSyncsError(Exception):
    """This system does not sync a file so; the message says why."""


class _Numbers(NamedTuple):
    """The calls' numbers, which the C library has no functions for."""

    setup: int
    destroy: int
    submit: int
    events: int


_NUMBERS: Final = {
    "x86_64": _Numbers(setup=206, destroy=207, submit=209, events=208),
    "aarch64": _Numbers(setup=0, destroy=1, submit=2, events=4),
}


class _Request(ctypes.Structure):
    """`struct iocb`."""

    _fields_ = (
        ("data", ctypes.c_uint64),
        ("key_and_flags", ctypes.c_uint64),
        ("operation", ctypes.c_uint16),
        ("priority", ctypes.c_int16),
        ("descriptor", ctypes.c_uint32),
        ("buffer", ctypes.c_uint64),
        ("length", ctypes.c_uint64),
        ("offset", ctypes.c_int64),
        ("reserved", ctypes.c_uint64),
        ("tell", ctypes.c_uint32),
        ("eventfd", ctypes.c_uint32),
    )


class _Event(ctypes.Structure):
    """`struct io_event`."""

    _fields_ = (
        ("data", ctypes.c_uint64),
        ("request", ctypes.c_uint64),
        ("result", ctypes.c_int64),
        ("second_result", ctypes.c_int64),
    )


class KernelSyncs(Syncs):
    """One sync at a time, begun and seen to its end by the event loop's thread.

    No call waits: the kernel's own threads do the work. So they keep the interpreter's lock
    (`PyDLL`); to let it go would be to offer it to other threads, and to wait for it again.
    """

    name = "aio"

    def __init__(self, loop: AbstractEventLoop, file: DiskFile) -> None:
        """Sync a file for a trial, which blocks. `loop` must be able to watch descriptors.

        Raises:
            NoKernelSyncsError: this system can't do it, or not with this file.
            OSError: the sync failed. There is no second one to be trusted.
        """
        numbers = _NUMBERS.get(platform.machine())
        if sys.platform != "linux" or sys.maxsize < 1 << 32 or numbers is None:
            raise NoKernelSyncsError(f"they are not known of {sys.platform} {platform.machine()}")
        self._numbers = numbers
        self._system = ctypes.PyDLL(None, use_errno=True).syscall
        self._system.restype = ctypes.c_long
        self._loop = loop
        self._context = ctypes.c_ulong(0)
        try:
            self._call(numbers.setup, 1, ctypes.byref(self._context))
        except OSError as error:
            raise NoKernelSyncsError(str(error)) from error
        self._eventfd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._request = _Request(operation=_FDSYNC, tell=_TELL_EVENTFD, eventfd=self._eventfd)
        self._requests = (ctypes.POINTER(_Request) * 1)(ctypes.pointer(self._request))
        self._event = _Event()
        self._event_at = ctypes.byref(self._event)
        self._under_way: tuple[str, Done] | None = None
        """Whose sync, by the name in messages, and who is told."""
        self._closing: threading.Event | None = None
        try:
            self._try(file)
        except BaseException:
            self._free()
            raise
        loop.add_reader(self._eventfd, self._look)

    def _try(self, file: DiskFile) -> None:
        try:
            self._submit(file)
        except OSError as error:
            raise NoKernelSyncsError(str(error)) from error
        select.select([self._eventfd], [], [])
        os.eventfd_read(self._eventfd)
        self._see_result(file.path)

    @override
    def sync(self, file: DiskFile, done: Done) -> None:
        self._submit(file)
        self._under_way = file.path, done

    @override
    def run(self, function: Callable[[], None], done: Done) -> None:
        def to_its_end() -> None:
            error: BaseException | None = None
            try:
                function()
            except BaseException as caught:  # noqa: BLE001 - whatever it was, `done` is told
                error = caught
            self._loop.call_soon_threadsafe(self._end, error)

        self._under_way = "", done
        threading.Thread(target=to_its_end, name="journal", daemon=True).start()

    @override
    def close(self) -> None:
        closed = threading.Event()
        self._loop.call_soon_threadsafe(self._close_when_idle, closed)
        closed.wait()

    def _close_when_idle(self, closed: threading.Event) -> None:
        self._closing = closed
        if self._under_way is None:
            self._release(closed)

    def _look(self) -> None:
        """See what became of a sync."""
        try:
            os.eventfd_read(self._eventfd)
        except BlockingIOError:
            return
        error: OSError | None = None
        assert self._under_way is not None
        file, _ = self._under_way
        try:
            self._see_result(file)
        except OSError as caught:
            error = caught
        self._end(error)

    def _end(self, error: BaseException | None) -> None:
        assert self._under_way is not None
        (_, done), self._under_way = self._under_way, None
        done(error)
        if self._closing is not None and self._under_way is None:
            self._release(self._closing)

    def _release(self, closed: threading.Event) -> None:
        self._loop.remove_reader(self._eventfd)
        self._free()
        closed.set()

    def _free(self) -> None:
        self._call(self._numbers.destroy, self._context)
        os.close(self._eventfd)

    def _submit(self, file: DiskFile) -> None:
        self._request.descriptor = file.fileno()
        self._call(self._numbers.submit, self._context, 1, self._requests)

    def _see_result(self, file: str) -> None:
        self._call(self._numbers.events, self._context, 1, 1, self._event_at, None)
        if self._event.result < 0:
            raise _error(-self._event.result, file)

    def _call(self, number: int, *arguments: object) -> None:
        if self._system(number, *arguments) < 0:
            raise _error(ctypes.get_errno())


def _error(number: int, file: str | None = None) -> OSError:
    return OSError(number, os.strerror(number), file)
