"""People who log in to the console: who they are, what for, and whether they may."""

from enum import Enum
from typing import Final, NamedTuple

from authorizer.domain.access import Caller, Role

PERSON: Final = "@"
"""What an id of `by` begins with where it is a person's, and no API key's."""
MAX_PASSKEYS: Final = 10
"""Passkeys of one person."""
LOG_IN_ROLES: Final = (Role.ATTENDANT, Role.SUPERVISOR, Role.OPERATOR, Role.AUDITOR)
"""What a person can be: a terminal is none."""


class PersonStanding(Enum):
    """Whether somebody may log in."""

    INVITED = "invited"
    """With the one-time password, once, to choose one of their own and pair a second factor."""
    EXPIRED = "expired"
    """Invited, and did not come in time."""
    ACTIVE = "active"
    DISABLED = "disabled"


class Passkey(NamedTuple):
    """A passkey (WebAuthn) as it is kept: nobody can log in with what is here."""

    credential_id: bytes
    public_key: bytes
    """In COSE's form."""
    sign_count: int
    """What the authenticator counted at its last use; 0 of those that count nothing."""
    host: str
    """The host for which it was made: browsers offer it there and nowhere else."""
    name: str
    """What its owner calls it."""
    created_at_us: int


class User(NamedTuple):
    """A person as they are kept."""

    user_id: str
    """What they log in with; in `by` of what they do, so it is never another person's."""
    name: str
    """What colleagues call them: the `atendente` of the tickets that they take."""
    role: Role
    password_hash: str
    """Argon2id, in the PHC string format; of the one-time password until they have chosen one."""
    totp_secret: str | None
    """The secret of the second factor (RFC 6238), in base 32; None until it is paired."""
    created_at_us: int
    invited_until_us: int | None
    """Until when the one-time password is good; None once they have one of their own."""
    disabled_at_us: int | None
    passkeys: tuple[Passkey, ...] = ()

    def standing(self, now_us: int) -> PersonStanding:
        """Whether they may log in at a time."""
        if self.disabled_at_us is not None:
            return PersonStanding.DISABLED
        if self.invited_until_us is None:
            return PersonStanding.ACTIVE
        return PersonStanding.INVITED if now_us < self.invited_until_us else PersonStanding.EXPIRED

    @property
    def caller(self) -> Caller:
        """Who asks, in what they ask for: `atendente:@ana`."""
        return Caller(f"{self.role.value}:{PERSON}{self.user_id}", self.role)
