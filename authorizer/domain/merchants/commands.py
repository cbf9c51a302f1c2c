"""What is asked of the merchant table."""

from typing import NamedTuple


class RegisterMerchant(NamedTuple):
    """Put a merchant override in, or in the place of the one with the same key."""

    name: str
    mcc: str
    by: str


class RemoveMerchant(NamedTuple):
    """Take a merchant override out."""

    name: str
    by: str


class ReadMerchants(NamedTuple):
    """List the merchant overrides."""
