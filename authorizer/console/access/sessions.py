"""Sessions: in memory, by a random token that only the browser's cookie has."""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import Final

IDLE_NS: Final = 30 * 60 * 1_000_000_000
"""How long a session lasts without a request."""
LONGEST_NS: Final = 12 * 3600 * 1_000_000_000
"""How long a session lasts at most: a shift."""
REVEALED_NS: Final = 10 * 60 * 1_000_000_000
"""How long a person's data stay unmasked once a reason was given."""
CONFIRMED_NS: Final = 5 * 60 * 1_000_000_000
"""How long a password and a code that were given again are good for what needs them."""
MAX_SESSIONS: Final = 10_000
"""The one that was used longest ago goes first."""
MAX_REVEALED: Final = 100
_TOKEN_BYTES: Final = 32


class Session:
    """Somebody's time at the console, on one browser."""

    __slots__ = (
        "began_ns",
        "confirmed_until_ns",
        "csrf",
        "message",
        "new_totp_secret",
        "password_hash",
        "revealed",
        "secure",
        "seen_ns",
        "user_id",
    )

    def __init__(self, user_id: str, password_hash: str, secure: bool, now_ns: int) -> None:
        self.user_id = user_id
        self.password_hash = password_hash
        """The hash with which it began: another one ends it."""
        self.secure = secure
        """Whether the browser reached us by TLS, and sends the cookie by nothing else."""
        self.csrf = secrets.token_urlsafe(_TOKEN_BYTES)
        """What every form must bring along."""
        self.began_ns = self.seen_ns = now_ns
        self.new_totp_secret: str | None = None
        """The secret that is being paired."""
        self.revealed: dict[str, int] = {}
        """Until when a customer's data are shown unmasked, by the customer."""
        self.confirmed_until_ns = 0
        """Until when its owner has shown by password and code that it is them."""
        self.message: tuple[str, str] | None = None
        """What the next page tells, once: its kind and its text."""

    def is_revealed(self, customer_id: str, now_ns: int) -> bool:
        """Whether a customer's data are to be shown unmasked."""
        return now_ns < self.revealed.get(customer_id, 0)

    def reveal(self, customer_id: str, now_ns: int) -> None:
        """Show a customer's data unmasked for a while."""
        self.revealed.pop(customer_id, None)
        if len(self.revealed) >= MAX_REVEALED:
            del self.revealed[next(iter(self.revealed))]
        self.revealed[customer_id] = now_ns + REVEALED_NS


class Sessions:
    """All sessions of this process. A restart ends them all."""

    def __init__(self, monotonic_ns: Callable[[], int]) -> None:
        self._monotonic_ns = monotonic_ns
        self._by_digest: OrderedDict[bytes, Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_digest)

    def begin(self, user_id: str, password_hash: str, secure: bool) -> tuple[str, Session]:
        """A new session, and the token that names it. No token is ever taken from a browser."""
        if len(self._by_digest) >= MAX_SESSIONS:
            self._by_digest.popitem(last=False)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        session = Session(user_id, password_hash, secure, self._monotonic_ns())
        self._by_digest[_digest(token)] = session
        return token, session

    def find(self, token: str) -> Session | None:
        """The session that a token names, if it still lasts; its idle time begins anew."""
        digest = _digest(token)
        session = self._by_digest.get(digest)
        if session is None:
            return None
        now_ns = self._monotonic_ns()
        if now_ns - session.seen_ns > IDLE_NS or now_ns - session.began_ns > LONGEST_NS:
            del self._by_digest[digest]
            return None
        session.seen_ns = now_ns
        self._by_digest.move_to_end(digest)
        return session

    def end(self, token: str) -> None:
        """End a session."""
        self._by_digest.pop(_digest(token), None)


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
