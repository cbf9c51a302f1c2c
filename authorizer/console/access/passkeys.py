"""Passkeys (WebAuthn): made at one's own account, and good for a log-in without a password.

The authenticator has verified its user, so a passkey stands for password and second factor. It is
bound to the host by which the console was asked when it was made; browsers see to that, and so
does this: what was signed names the host and the page's origin.
"""

from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from starlette.requests import Request

from authorizer.actors.entity import OffLoop
from authorizer.console.access.challenges import Challenges
from authorizer.console.access.people import ChangeUser, LogIn, People, Tried
from authorizer.domain.people import MAX_PASSKEYS, Passkey, PersonStanding, User
from authorizer.http.api.made_once import MadeOnce

if TYPE_CHECKING:
    from authorizer.console.access.authenticators import Authenticators, Claim

MAX_NAME: Final = 60


class _Found(NamedTuple):
    """A passkey that somebody claims to hold."""

    user: User
    passkey: Passkey


class Passkeys:
    """Makes passkeys and lets people in with them."""

    def __init__(
        self, people: People, change: ChangeUser, challenges: Challenges, off_loop: OffLoop
    ) -> None:
        self._people = people
        self._change = change
        self._challenges = challenges
        self._authenticators = MadeOnce(off_loop, _load)

    async def options_to_log_in(self, request: Request, whose: str) -> str:
        """What the browser is asked at a log-in, as JSON."""
        asked = await self._authenticators.get()
        return asked.log_in_options(host_of(request), self._challenges.new(_for_log_in(whose)))

    async def options_to_add(self, request: Request, user: User, whose: str) -> str:
        """What the browser is asked to make a passkey, as JSON."""
        asked = await self._authenticators.get()
        challenge = self._challenges.new(_to_add(whose))
        return asked.new_passkey_options(host_of(request), user, handle_of(user), challenge)

    async def made(self, request: Request, user: User, whose: str, answer: str) -> Passkey | None:
        """The passkey that an authenticator has made, without a name yet; None where it is none."""
        asked = await self._authenticators.get()
        offer = asked.offer_of(answer)
        if offer is None or not self._challenges.is_good(offer.challenge, _to_add(whose)):
            return None
        made = asked.accepted(offer, host_of(request), _origin_of(request))
        if made is None:
            return None
        self._challenges.answered(offer.challenge)
        if self._owner(made.credential_id) is not None:
            return None
        return made if len(user.passkeys) < MAX_PASSKEYS else None

    async def keep(self, user: User, passkey: Passkey) -> bool:
        """Let somebody in by a passkey from now on; False where they have too many by now."""
        await self._change(
            user.user_id,
            lambda known: known._replace(passkeys=(*known.passkeys, passkey)[:MAX_PASSKEYS]),
        )
        return self._owner(passkey.credential_id) is not None

    async def remove(self, user: User, credential_id: bytes) -> None:
        """Have one of somebody's own passkeys be good no more."""
        await self._change(
            user.user_id,
            lambda known: known._replace(
                passkeys=tuple(key for key in known.passkeys if key.credential_id != credential_id)
            ),
        )

    async def log_in(self, request: Request, whose: str, answer: str) -> Tried:
        """Check what an authenticator has signed. Its host must be the one of the passkey."""
        asked = await self._authenticators.get()
        claim = asked.claim_of(answer)
        found = None if claim is None else self._found(claim)
        if claim is None or found is None:
            return Tried(LogIn.REFUSED, None)
        user, passkey = found
        if not self._challenges.is_good(claim.challenge, _for_log_in(whose)):
            return Tried(LogIn.REFUSED, user)
        count = asked.signed(claim, passkey, _origin_of(request))
        if count is None:
            return Tried(LogIn.REFUSED, user)
        self._challenges.answered(claim.challenge)
        if self._people.standing(user) is not PersonStanding.ACTIVE:
            return Tried(LogIn.REFUSED, user)
        if count != passkey.sign_count:
            await self._change(user.user_id, lambda known: _counted(known, passkey, count))
        now = self._people.find(user.user_id)
        if now is None or passkey.credential_id not in {key.credential_id for key in now.passkeys}:
            return Tried(LogIn.REFUSED, user)  # it was taken away meanwhile
        return Tried(LogIn.DONE, now)

    def _owner(self, credential_id: bytes) -> tuple[User, Passkey] | None:
        for user in self._people.all():
            for passkey in user.passkeys:
                if passkey.credential_id == credential_id:
                    return user, passkey
        return None

    def _found(self, claim: "Claim") -> _Found | None:
        owner = self._owner(claim.credential.raw_id)
        if owner is None or claim.credential.response.user_handle != handle_of(owner[0]):
            return None
        return _Found(*owner)


def _load() -> "type[Authenticators]":
    from authorizer.console.access.authenticators import Authenticators  # noqa: PLC0415

    return Authenticators


def host_of(request: Request) -> str:
    """The host that was asked, without its port: what a passkey is bound to."""
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:  # brackets that stand alone
        return ""


def handle_of(user: User) -> bytes:
    """What an authenticator knows a person by: it tells nobody their name."""
    return sha256(f"card-authorizer:{user.user_id}".encode()).digest()


def _origin_of(request: Request) -> str:
    """The origin of the page that sent a form. That it is one of ours was looked at before."""
    return request.headers.get("origin", "")


def _counted(user: User, used: Passkey, count: int) -> User:
    return user._replace(
        passkeys=tuple(
            key._replace(sign_count=max(count, key.sign_count))
            if key.credential_id == used.credential_id
            else key
            for key in user.passkeys
        )
    )


def _for_log_in(whose: str) -> str:
    return f"log-in:{whose}"


def _to_add(whose: str) -> str:
    return f"add:{whose}"
