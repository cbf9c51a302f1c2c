"""What happens to the merchant table."""

from typing import NamedTuple


class MerchantRegistered(NamedTuple):
    """A merchant override was registered, or replaced."""

    at_us: int
    by: str
    name: str
    mcc: str


class MerchantRemoved(NamedTuple):
    """A merchant override was taken out."""

    at_us: int
    by: str
    name: str
