"""The walk along the whole journal that makes the state from it alone."""

from collections.abc import Callable
from typing import NamedTuple

from authorizer.domain.accounts.idempotency import IdRetention
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import frame
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.journal.segments import Batch, JournalDamagedError, TornTail
from authorizer.persistence.problem import Problem
from authorizer.persistence.state.history import REPLAY_ERRORS, events_of, replay_error
from authorizer.persistence.state.state import Replay, State
from authorizer.persistence.verification.wallet_books import WalletBooks

Progress = Callable[[int], None]
"""Told how many bytes of the journal were passed."""


class Head(NamedTuple):
    """The hash chain at a position, as it was noted down some time."""

    position: int
    chain: bytes


class Walk:
    """Walks along the journal from its beginning and makes the state from it alone."""

    def __init__(
        self, disk: Disk, id_retention: IdRetention, wanted: set[int], problems: list[Problem]
    ) -> None:
        self._disk = disk
        self._reader = JournalReader(disk)
        self._replay = Replay(State(), id_retention)
        self._replaying = True
        self._wanted = wanted
        self._problems = problems
        self.head = Head(0, frame.GENESIS)
        """The end of the newest batch that was found whole."""
        self.is_whole = True
        """Whether nothing was amiss so far."""
        self.books = WalletBooks()
        """The books of all wallets, added up from the same events without that state."""
        self.batches = 0
        self.chains: dict[int, bytes] = {}
        """The chain's head at the wanted positions, as far as a batch ends there."""

    @property
    def state(self) -> State:
        """The state at the end of the walk."""
        return self._replay.state

    @property
    def torn(self) -> TornTail | None:
        """What lies behind the end, if the walk went that far."""
        return self._reader.torn

    def to(self, position: int | None, progress: Progress) -> None:
        """Walk to a position, or to the end; damage ends the walk before it."""
        try:
            for batch in self._reader if position != 0 else ():
                self._look_at(batch)
                progress(batch.size_bytes)
                if batch.last_position == position:
                    break
        except JournalDamagedError as error:
            self._amiss(Problem(error.file, error.offset, error.problem))
        self._replay.finish()

    def misses(self, head: Head) -> str | None:
        """How the journal fails to pass through a head; None where it does, or at the beginning."""
        found = self.chains.get(head.position)
        if head.position == 0 or found == head.chain:
            return None
        if found is not None:
            return f"at position {head.position} the chain is {found.hex()}, but {head.chain.hex()}"
        if head.position > self.head.position:
            return f"the journal ends at position {self.head.position}, but {head.position}"
        return f"no batch ends at position {head.position}, but one"

    def _look_at(self, batch: Batch) -> None:
        if self.batches == 0 and batch.first_position != 1:
            text = f"the journal begins at position {batch.first_position}: records are missing"
            text += ", or were archived (then say where to: --archived)"
            self._not_replayed(batch, text)
        if batch.last_position in self._wanted:
            self.chains[batch.last_position] = batch.header.chain
        for position, event in events_of(self._disk, batch):
            try:
                if self._replaying:
                    self._replay.apply(event, position)
                    self.books.take(event)
            except REPLAY_ERRORS as error:
                self._not_replayed(batch, replay_error(self._disk, batch, position, error).problem)
        self.batches += 1
        self.head = Head(batch.last_position, batch.header.chain)

    def _not_replayed(self, batch: Batch, problem: str) -> None:
        self._replaying = False
        self._amiss(Problem(self._disk.path(batch.segment), batch.offset, problem))

    def _amiss(self, problem: Problem) -> None:
        self.is_whole = False
        self._problems.append(problem)
