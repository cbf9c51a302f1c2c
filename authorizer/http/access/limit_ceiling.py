"""The highest credit limit that an attendant may set; higher ones need a supervisor."""

from collections.abc import Iterable

from starlette.exceptions import HTTPException

from authorizer.domain.access import Caller, Role
from authorizer.domain.money import format_cents
from authorizer.http.access.control import Access
from authorizer.http.access.roles import SUPERVISION


class LimitCeiling:
    """The highest limit that needs no supervisor."""

    def __init__(self, access: Access, ceiling_cents: int) -> None:
        self._access = access
        self._ceiling_cents = ceiling_cents

    def check(self, caller: Caller, limits_cents: Iterable[int | None]) -> None:
        """Check that the caller may set these limits; None is a card without one.

        Raises:
            HTTPException: 403, a limit is above the ceiling and the caller is an attendant.
        """
        if caller.role is not Role.ATTENDANT:
            return
        beyond = max((cents for cents in limits_cents if cents is not None), default=0)
        if beyond > self._ceiling_cents:
            what = f"set a limit above {format_cents(self._ceiling_cents)}"
            denied = self._access.forbid(caller.role, SUPERVISION, what)
            raise HTTPException(denied.status, denied.detail, dict(denied.headers))
