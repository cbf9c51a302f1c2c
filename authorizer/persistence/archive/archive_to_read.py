"""The archive as a command reads it that owns nothing: a server may be writing it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from typing_extensions import override

from authorizer.domain.accounts.leaving import ClosedPurchases
from authorizer.persistence.archive.database import FILE, all_of, connected, found_in, telling
from authorizer.persistence.archive.protocol import LATEST, Archive, Archived, Mark


class ArchiveToRead(Archive):
    """An archive that another process may be writing; nothing is changed."""

    takes = False
    has_any = True

    def __init__(self, folder: Path) -> None:
        """FileNotFoundError where there is none; ArchiveError for one that can't be read."""
        path = folder / FILE
        if not path.is_file():
            raise FileNotFoundError(path)
        with telling():
            # without a writer's log nobody writes it, and to read it must leave no file behind
            how = "mode=ro" if Path(f"{path}-wal").exists() else "immutable=1"
            self._reader = connected(f"{path.absolute().as_uri()}?{how}", uri=True)
            try:
                row = self._reader.execute("SELECT identity, taken FROM about").fetchone()
            except BaseException:
                self._reader.close()
                raise
        self._mark = Mark(*row)

    @property
    @override
    def mark(self) -> Mark:
        return self._mark

    @override
    def may_hold(self, account_id: str, purchase_id: str) -> bool:
        return True

    @override
    def find(self, account_id: str, purchase_id: str, before: int = LATEST) -> Archived | None:
        with telling():
            return found_in(self._reader, account_id, purchase_id, before)

    @override
    def of_account(self, account_id: str, before: int = LATEST) -> Iterator[Archived]:
        with telling():
            return iter(all_of(self._reader, account_id, before))

    @override
    def put(self, closed: Sequence[ClosedPurchases]) -> None:
        """Nothing: whoever only reads keeps what left memory in memory."""

    @override
    def cut_after(self, position: int) -> None:
        """Nothing."""

    @override
    def forget_before(self, since_us: int) -> int:
        return 0

    @override
    def begin_anew(self) -> None:
        """Nothing."""

    @override
    def close(self) -> None:
        self._reader.close()
