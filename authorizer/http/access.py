"""Who a request comes from, and whether they may ask for it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from authorizer.domain.access import LOCAL, Caller, Role

Headers = Sequence[tuple[bytes, bytes]]


class Denied(NamedTuple):
    """Why a request was not let in, as a problem's parts."""

    status: int
    detail: str
    headers: Mapping[str, str]


class Access:
    """Lets requests in, or not."""

    def admit(self, headers: Headers, roles: frozenset[Role] | None) -> Caller | Denied:
        """The caller, if one of `roles` is theirs; `roles` None asks for no key."""
        return LOCAL
