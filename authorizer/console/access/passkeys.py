"""Passkeys (WebAuthn): made at one's own account, and good for a log-in without a password.

The authenticator has verified its user, so a passkey stands for password and second factor. It is
bound to the host by which the console was asked when it was made; browsers see to that, and so
does this: what was signed names the host and the page's origin.
"""

from hashlib import sha256
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from starlette.requests import Request
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from authorizer.console.access.challenges import Challenges
from authorizer.console.access.people import ChangeUser, LogIn, People, Tried
from authorizer.domain.people import MAX_PASSKEYS, Passkey, PersonStanding, User

RP_NAME: Final = "Card authorizer"
MAX_NAME: Final = 60
_VERIFIED: Final = UserVerificationRequirement.REQUIRED


class _Found(NamedTuple):
    """A passkey that somebody claims to hold, and the challenge that they have answered."""

    user: User
    passkey: Passkey
    challenge: bytes


class Passkeys:
    """Makes passkeys and lets people in with them."""

    def __init__(self, people: People, change: ChangeUser, challenges: Challenges) -> None:
        self._people = people
        self._change = change
        self._challenges = challenges

    def options_to_log_in(self, request: Request, whose: str) -> str:
        """What the browser is asked at a log-in, as JSON. No name: the authenticator knows it."""
        options = generate_authentication_options(
            rp_id=host_of(request),
            challenge=self._challenges.new(_for_log_in(whose)),
            user_verification=_VERIFIED,
        )
        return options_to_json(options)

    def options_to_add(self, request: Request, user: User, whose: str) -> str:
        """What the browser is asked to make a passkey, as JSON."""
        known = [PublicKeyCredentialDescriptor(id=key.credential_id) for key in user.passkeys]
        options = generate_registration_options(
            rp_id=host_of(request),
            rp_name=RP_NAME,
            user_id=handle_of(user),
            user_name=user.user_id,
            user_display_name=user.name,
            challenge=self._challenges.new(_to_add(whose)),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
            ),
            exclude_credentials=known,
        )
        return options_to_json(options)

    def made(self, request: Request, user: User, whose: str, answer: str) -> Passkey | None:
        """The passkey that an authenticator has made, without a name yet; None where it is none."""
        made = self._made(request, whose, answer)
        if made is None or self._owner(made.credential_id) is not None:
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
        found = self._found(answer)
        if found is None:
            return Tried(LogIn.REFUSED, None)
        user, passkey, challenge = found
        if not self._challenges.is_good(challenge, _for_log_in(whose)):
            return Tried(LogIn.REFUSED, user)
        count = self._signed(request, passkey, challenge, answer)
        if count is None:
            return Tried(LogIn.REFUSED, user)
        self._challenges.answered(challenge)
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

    def _found(self, answer: str) -> _Found | None:
        try:
            credential = parse_authentication_credential_json(answer)
            response = credential.response
            challenge = parse_client_data_json(response.client_data_json).challenge
        except Exception:  # noqa: BLE001 - a library over bytes of strangers
            return None
        owner = self._owner(credential.raw_id)
        if owner is None or response.user_handle != handle_of(owner[0]):
            return None
        return _Found(*owner, challenge)

    @staticmethod
    def _signed(request: Request, passkey: Passkey, challenge: bytes, answer: str) -> int | None:
        """What the authenticator counts now; None where it has not signed this."""
        try:
            verified = verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=passkey.host,
                expected_origin=_origin_of(request),
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except Exception:  # noqa: BLE001 - a library over bytes of strangers
            return None
        return verified.new_sign_count

    def _made(self, request: Request, whose: str, answer: str) -> Passkey | None:
        try:
            credential = parse_registration_credential_json(answer)
            challenge = parse_client_data_json(credential.response.client_data_json).challenge
            if not self._challenges.is_good(challenge, _to_add(whose)):
                return None
            verified = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=host_of(request),
                expected_origin=_origin_of(request),
                require_user_verification=True,
            )
        except Exception:  # noqa: BLE001 - a library over bytes of strangers
            return None
        self._challenges.answered(challenge)
        return Passkey(
            verified.credential_id,
            verified.credential_public_key,
            verified.sign_count,
            host_of(request),
            "",
            0,
        )


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
