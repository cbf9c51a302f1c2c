"""An archive in memory, which outlives the processes that use it as a disk does."""

from collections.abc import Callable, Iterator, Sequence

import orjson
from typing_extensions import override

from authorizer.domain.accounts.leaving import ClosedPurchases
from authorizer.persistence.archive.protocol import LATEST, Archive, Archived, Mark


class MemoryArchive(Archive):
    """An archive in memory. `identities` gives each new beginning its name."""

    takes = True

    def __init__(self, identities: Callable[[], str]) -> None:
        self._identities = identities
        self._forms: dict[tuple[str, str], dict[int, tuple[int, bytes]]] = {}
        self._mark = Mark(identities(), 0)
        self.has_any = False

    @property
    @override
    def mark(self) -> Mark:
        return self._mark

    @override
    def may_hold(self, account_id: str, purchase_id: str) -> bool:
        return (account_id, purchase_id) in self._forms

    @override
    def put(self, closed: Sequence[ClosedPurchases]) -> None:
        for each in closed:
            for left in each.leaving():
                forms = self._forms.setdefault((each.account_id, left.purchase_id), {})
                forms[each.position] = left.changed_us, orjson.dumps(left.form)
                self._mark = self._mark._replace(taken=self._mark.taken + 1)
        self.has_any = bool(self._mark.taken)

    @override
    def find(self, account_id: str, purchase_id: str, before: int = LATEST) -> Archived | None:
        forms = self._forms.get((account_id, purchase_id), {})
        position = max((each for each in forms if each < before), default=None)
        if position is None:
            return None
        changed_us, form = forms[position]
        return Archived(purchase_id, position, changed_us, orjson.loads(form))

    @override
    def of_account(self, account_id: str, before: int = LATEST) -> Iterator[Archived]:
        for whose, purchase_id in list(self._forms):
            if whose == account_id:
                found = self.find(account_id, purchase_id, before)
                if found is not None:
                    yield found

    @override
    def cut_after(self, position: int) -> None:
        self._keep(lambda at, _: at <= position)

    @override
    def forget_before(self, since_us: int) -> int:
        return self._keep(lambda _, changed_us: changed_us >= since_us)

    @override
    def begin_anew(self) -> None:
        self._forms.clear()
        self._mark = Mark(self._identities(), 0)
        self.has_any = False

    @override
    def close(self) -> None:
        pass

    def _keep(self, keep: Callable[[int, int], bool]) -> int:
        gone = 0
        for key, forms in list(self._forms.items()):
            kept = {at: each for at, each in forms.items() if keep(at, each[0])}
            gone += len(forms) - len(kept)
            if kept:
                self._forms[key] = kept
            else:
                del self._forms[key]
        return gone
