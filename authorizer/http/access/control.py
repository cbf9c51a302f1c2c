"""Access control: the caller of a request, and whether their role may ask for it.

Keys are bearer tokens (RFC 6750). Until the first key is made the server listens on loopback and
takes every request but those that come through other web pages. From the first key on every request
needs one, even if all are revoked.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hmac import compare_digest
from typing import Final, NamedTuple

from starlette.requests import Request

from authorizer.domain.access import ANONYMOUS, LOCAL, ApiKey, Caller, Role, Standing
from authorizer.http.access.credentials import authorizations, parse_credential
from authorizer.http.access.origin import is_foreign
from authorizer.http.access.rate import RateLimit, Rates, retry_after
from authorizer.http.access.roles import TERMINALS

Headers = Iterable[tuple[bytes, bytes]]

UNLIMITED: Final = RateLimit(0, 1)
_TERMINAL: Final = Role.TERMINAL
CALLER: Final = "authorizer.caller"
"""Where a request's scope has its caller."""
_MAX_REMEMBERED: Final = 10_000
_LONGEST_REMEMBERED: Final = 128
"""Longer headers are verified but never cached, so padding cannot fill memory."""
_NO_DIGEST: Final = bytes(32)
"""Compared with where no key has the id, so that both take the same time."""


class Denied(NamedTuple):
    """Why a request was not let in, as a problem's parts."""

    status: int
    detail: str
    headers: Mapping[str, str]


class _Verified(NamedTuple):
    """A verified `Authorization` header."""

    caller: Caller
    key_id: str
    role: Role
    expires_at_us: int | None


def _unauthorized(detail: str, error: str = "") -> Denied:
    return Denied(401, detail, {"WWW-Authenticate": f'Bearer realm="authorizer"{error}'})


def _invalid(detail: str) -> Denied:
    return _unauthorized(detail, f', error="invalid_token", error_description="{detail}"')


_NO_KEY: Final = _unauthorized("an API key is needed: Authorization: Bearer <key>")
_UNKNOWN: Final = _invalid("this is no API key that is known here")
_AMBIGUOUS: Final = _invalid("there is more than one Authorization header")
_FOREIGN: Final = Denied(
    403,
    "no API key is configured, so this is answered only at a loopback address and to no page of "
    "another site; make a key (authorizer keys create), or ask at http://127.0.0.1",
    {},
)
_NO_LONGER: Final = {
    Standing.EXPIRED: _invalid("this API key has expired"),
    Standing.REVOKED: _invalid("this API key was revoked"),
}


class Access:
    """Decides which requests are let in. Synchronous and in memory, as the hot path asks it."""

    def __init__(
        self,
        keys: Sequence[ApiKey] = (),
        now_us: Callable[[], int] = lambda: 0,
        rates: Rates | None = None,
        on_denied: Callable[[int], None] = lambda _: None,
        *,
        open_without_keys: bool = True,
    ) -> None:
        """`now_us` gives the time for expiry. `on_denied` gets the status of every denial.

        `open_without_keys`: while there is no key, every request from loopback is let in.
        """
        self._now_us = now_us
        self._rates = rates or Rates(UNLIMITED, lambda: 0)
        self._on_denied = on_denied
        self._by_id: dict[str, ApiKey] = {}
        self._remembered: dict[bytes, _Verified] = {}
        self.is_open = open_without_keys
        self.replace(keys)

    def replace(self, keys: Sequence[ApiKey]) -> None:
        """Put these keys in force, and no others, from the next request on."""
        self._by_id = {key.key_id: key for key in keys}
        self._remembered.clear()
        self._rates.forget_all_but(self._by_id)
        if keys:
            self.is_open = False

    @property
    def keys(self) -> tuple[ApiKey, ...]:
        """All keys, oldest first, revoked and expired ones too."""
        return tuple(self._by_id.values())

    @property
    def active_keys(self) -> int:
        """The number of keys that are neither expired nor revoked."""
        now_us = self._now_us()
        return sum(key.standing(now_us) is Standing.ACTIVE for key in self._by_id.values())

    def admit(self, headers: Headers, roles: frozenset[Role] | None) -> Caller | Denied:
        """The caller, or why the request is denied. `roles` None: no key is needed.

        The request counts against the key's rate, even if its role is denied.
        """
        if self.is_open:
            return self._denied(_FOREIGN) if is_foreign(headers) else LOCAL
        if roles is None:
            return ANONYMOUS
        known = self._verified_key(authorizations(headers))
        if isinstance(known, Denied):
            return self._denied(known)
        wait_ns = self._rates.wait_ns(known.key_id)
        if wait_ns:
            return self._denied(_too_many(wait_ns))
        return known.caller if known.role in roles else self._denied(_forbidden(known.role, roles))

    def forbid(self, role: Role, roles: frozenset[Role], what: str) -> Denied:
        """The denial of a caller who was let in, and whose role may not do `what`. Counted."""
        return self._denied(_forbidden(role, roles, what))

    def admit_transaction(self, headers: Headers) -> Caller | Denied:
        """The caller of a transaction endpoint, or why the request is denied. No rate applies."""
        headers = list(headers)
        return self.admit_plain(authorizations(headers), self.is_open and is_foreign(headers))

    def admit_plain(self, given: Sequence[bytes], foreign: bool) -> Caller | Denied:
        """`admit_transaction`, where the headers were looked through before.

        `given` are their `authorizations`, `foreign` is what `is_foreign` says of them.
        """
        if self.is_open:
            return self._denied(_FOREIGN) if foreign else LOCAL
        known = self._verified_key(given)
        if isinstance(known, Denied):
            return self._denied(known)
        if known.role is not _TERMINAL:
            return self._denied(_forbidden(known.role, TERMINALS))
        return known.caller

    def _verified_key(self, given: Sequence[bytes]) -> _Verified | Denied:
        if len(given) != 1:
            return _AMBIGUOUS if given else _NO_KEY
        # A lookup by hash: how long it takes says nothing of how much of a wrong key is right.
        known = self._remembered.get(given[0]) or self._verify(given[0])
        if isinstance(known, Denied):
            return known
        if known.expires_at_us is not None and self._now_us() >= known.expires_at_us:
            return _NO_LONGER[Standing.EXPIRED]
        return known

    def _verify(self, authorization: bytes) -> _Verified | Denied:
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer":
            return _NO_KEY
        credential = parse_credential(token.strip(b" \t"))
        if credential is None:
            return _UNKNOWN
        key = self._by_id.get(credential.key_id)
        kept = _NO_DIGEST if key is None else key.digest
        if not compare_digest(credential.digest, kept) or key is None:
            return _UNKNOWN
        standing = key.standing(self._now_us())
        if standing is not Standing.ACTIVE:
            return _NO_LONGER[standing]
        known = _Verified(
            Caller(key.by, key.role),
            key.key_id,
            key.role,
            key.expires_at_us,
        )
        if len(authorization) > _LONGEST_REMEMBERED:
            return known
        if len(self._remembered) >= _MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[authorization] = known
        return known

    def _denied(self, denied: Denied) -> Denied:
        self._on_denied(denied.status)
        return denied


def caller_of(request: Request) -> Caller:
    """The caller of a request that was let in."""
    caller: Caller = request.scope[CALLER]
    return caller


def _forbidden(role: Role, roles: frozenset[Role], what: str = "do this") -> Denied:
    allowed = ", ".join(sorted(allowed.value for allowed in roles))
    return Denied(
        403,
        f"the role {role.value} may not {what}; {allowed} may",
        {"WWW-Authenticate": 'Bearer realm="authorizer", error="insufficient_scope"'},
    )


def _too_many(wait_ns: int) -> Denied:
    return Denied(429, "this API key makes too many requests", retry_after(wait_ns))
