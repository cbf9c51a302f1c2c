"""What is asked of the merchant table, and what is answered."""

from typing import NamedTuple

from authorizer.domain.merchants.state import MerchantTable


class RegisterMerchant(NamedTuple):
    """Put a merchant override in, or in the place of the one with the same key."""

    name: str
    mcc: str
    by: str

    def reply(self, _: MerchantTable) -> list[tuple[str, str]]:
        """Nothing: the table may be long."""
        return []


class RemoveMerchant(NamedTuple):
    """Take a merchant override out."""

    name: str
    by: str

    def reply(self, _: MerchantTable) -> list[tuple[str, str]]:
        """Nothing: the table may be long."""
        return []


class ReadMerchants(NamedTuple):
    """List the merchant overrides."""

    def reply(self, table: MerchantTable) -> list[tuple[str, str]]:
        """Every name as registered, and its MCC."""
        return table.entries()
