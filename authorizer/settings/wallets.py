"""Wallets as settings name them."""

from pydantic import ValidationInfo

from authorizer.settings.kinds import NONE


def or_none(wallet: str) -> str | None:
    """The wallet that a setting names; None where it names none."""
    return None if wallet == NONE else wallet


def check_that_an_mcc_names(wallet: str, others: ValidationInfo) -> None:
    """ValueError for a wallet that no MCC names: it is misspelt, or can never pay."""
    if {"wallet_by_mcc", "fallback_wallet"} <= others.data.keys():  # else these are wrong already
        names = {*others.data["wallet_by_mcc"].values(), others.data["fallback_wallet"]}
        if wallet not in names:
            raise ValueError(f"no MCC names a wallet {wallet!r}, only {', '.join(sorted(names))}")
