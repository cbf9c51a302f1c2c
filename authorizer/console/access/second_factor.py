"""The second factor: codes of six digits that change every 30 s (TOTP, RFC 6238)."""

import re
from hmac import compare_digest
from typing import Final

import pyotp
import segno

ISSUER: Final = "Card authorizer"
STEP_SECONDS: Final = 30
DRIFT_STEPS: Final = 1
"""How many steps the clock of a phone may be off."""
_CODE: Final = re.compile(r"[0-9]{6}")


def new_secret() -> str:
    """A new random secret, in base 32."""
    return pyotp.random_base32()


def pairing_address(secret: str, user_id: str) -> str:
    """The `otpauth` address that an authenticator application reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=user_id, issuer_name=ISSUER)


def pairing_picture(address: str) -> str:
    """The QR code of an address, as an SVG element."""
    picture: str = segno.make(address, micro=False).svg_inline(scale=4, border=2, light="#fff")
    return picture


def step_of_code(secret: str, code: str, now_us: int) -> int | None:
    """The step of time to which a code belongs; None for one that is not good now."""
    digits = code.replace(" ", "")
    if not _CODE.fullmatch(digits):
        return None
    now = now_us // (STEP_SECONDS * 1_000_000)
    codes = pyotp.TOTP(secret)
    steps = range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1)
    good = [step for step in steps if compare_digest(codes.generate_otp(step), digits)]
    return good[0] if good else None
