"""What people's authenticators are asked and answer, by the package `webauthn`.

It takes a tenth of a start to load, so this module is loaded when a passkey is used first.
"""

from typing import Final, NamedTuple

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
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from authorizer.domain.people import Passkey, User

RP_NAME: Final = "Card authorizer"
_VERIFIED: Final = UserVerificationRequirement.REQUIRED


class Claim(NamedTuple):
    """What an authenticator has answered at a log-in. Nothing of it is believed yet."""

    credential: AuthenticationCredential
    challenge: bytes


class Offer(NamedTuple):
    """What an authenticator has answered where it made a passkey. Nothing is believed yet."""

    credential: RegistrationCredential
    challenge: bytes


class Authenticators:
    """Asks and reads; it keeps nothing."""

    @staticmethod
    def log_in_options(host: str, challenge: bytes) -> str:
        """What the browser is asked at a log-in, as JSON. No name: the authenticator knows it."""
        options = generate_authentication_options(
            rp_id=host, challenge=challenge, user_verification=_VERIFIED
        )
        return options_to_json(options)

    @staticmethod
    def new_passkey_options(host: str, user: User, handle: bytes, challenge: bytes) -> str:
        """What the browser is asked to make a passkey, as JSON."""
        known = [PublicKeyCredentialDescriptor(id=key.credential_id) for key in user.passkeys]
        options = generate_registration_options(
            rp_id=host,
            rp_name=RP_NAME,
            user_id=handle,
            user_name=user.user_id,
            user_display_name=user.name,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
            ),
            exclude_credentials=known,
        )
        return options_to_json(options)

    @staticmethod
    def claim_of(answer: str) -> Claim | None:
        """Read what an authenticator has answered at a log-in; None where it is no such answer."""
        try:
            credential = parse_authentication_credential_json(answer)
            challenge = parse_client_data_json(credential.response.client_data_json).challenge
        except Exception:  # noqa: BLE001 - a library over bytes of strangers
            return None
        return Claim(credential, challenge)

    @staticmethod
    def signed(claim: Claim, passkey: Passkey, origin: str) -> int | None:
        """What the authenticator counts now; None where it has not signed this."""
        try:
            verified = verify_authentication_response(
                credential=claim.credential,
                expected_challenge=claim.challenge,
                expected_rp_id=passkey.host,
                expected_origin=origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except Exception:  # noqa: BLE001 - a library over bytes of strangers
            return None
        return verified.new_sign_count

    @staticmethod
    def offer_of(answer: str) -> Offer | None:
        """Read what an authenticator has answered with a new passkey; None where it is none."""
        try:
            credential = parse_registration_credential_json(answer)
            challenge = parse_client_data_json(credential.response.client_data_json).challenge
        except Exception:  # noqa: BLE001 - a library over bytes of strangers
            return None
        return Offer(credential, challenge)

    @staticmethod
    def accepted(offer: Offer, host: str, origin: str) -> Passkey | None:
        """The passkey that was made, without a name yet; None where the answer is not good."""
        try:
            verified = verify_registration_response(
                credential=offer.credential,
                expected_challenge=offer.challenge,
                expected_rp_id=host,
                expected_origin=origin,
                require_user_verification=True,
            )
        except Exception:  # noqa: BLE001 - a library over bytes of strangers
            return None
        return Passkey(
            verified.credential_id,
            verified.credential_public_key,
            verified.sign_count,
            host,
            "",
            0,
        )
