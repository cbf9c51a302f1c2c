"""What the wallets must hold, kept from the answers, and the comparison with what they do hold."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

FIGURES = ("available", "held", "ledger", "owed")
"""What ``GET /accounts/{account}/balances`` tells of a wallet."""

KEPT_DIFFERENCES = 5
"""Accounts that differ and are told word for word; the rest is counted."""

Figures = dict[str, int]
"""Centavos by figure."""


@dataclass(slots=True)
class WalletBook:
    """One wallet, all in centavos.

    ``put_in_cents`` is the opening balance and the credits; ``captured_cents`` and
    ``given_back_cents`` (refunds and reversed captures) are gross and only grow.
    """

    available_cents: int
    put_in_cents: int
    held_cents: int = 0
    owed_cents: int = 0
    captured_cents: int = 0
    given_back_cents: int = 0

    def put(self, cents: int) -> None:
        """Money comes in; what is owed is paid first."""
        paid_cents = min(self.owed_cents, cents)
        self.owed_cents -= paid_cents
        self.available_cents += cents - paid_cents

    def take(self, cents: int) -> None:
        """Money goes out; what is not there is owed."""
        paid_cents = min(self.available_cents, cents)
        self.available_cents -= paid_cents
        self.owed_cents += cents - paid_cents

    def figures_cents(self) -> Figures:
        """What the server must tell of it."""
        ledger_cents = self.available_cents + self.held_cents
        values = (self.available_cents, self.held_cents, ledger_cents, self.owed_cents)
        return dict(zip(FIGURES, values, strict=True))

    def sums_cents(self) -> dict[str, int]:
        """What went through it."""
        return {
            "put in": self.put_in_cents,
            "captured": self.captured_cents,
            "given back": self.given_back_cents,
        }


def differences(
    expected_cents: Mapping[str, Mapping[str, Mapping[str, int]]],
    found_cents: Mapping[str, Mapping[str, Mapping[str, int]]],
) -> list[str]:
    """The accounts whose wallets differ, each with every figure that does; both by account."""
    problems = []
    for account, wallets in expected_cents.items():
        found = found_cents[account]
        wrong = [
            f"{wallet} {figure} {found.get(wallet, {}).get(figure)} instead of {cents}"
            for wallet, figures in wallets.items()
            for figure, cents in figures.items()
            if found.get(wallet, {}).get(figure) != cents
        ]
        wrong += [f"a wallet {wallet}" for wallet in found if wallet not in wallets]
        if wrong:
            problems.append(f"{account} has, in centavos, {', '.join(wrong)}")
    kept = problems[:KEPT_DIFFERENCES]
    if len(problems) > len(kept):
        kept.append(f"{len(problems)} accounts differ in all")
    return kept


def sum_differences(
    sums_cents: Mapping[str, Mapping[str, int]],
    found_cents: Mapping[str, Mapping[str, Mapping[str, int]]],
) -> list[str]:
    """The wallets whose sum over all accounts is not what was put in and not spent.

    ``sums_cents`` has what went through each wallet, ``found_cents`` what each account has.
    """
    there: Counter[str] = Counter()
    for wallets in found_cents.values():
        for wallet, figures in wallets.items():
            there[wallet] += figures["available"] + figures["held"] - figures["owed"]
    problems = []
    for wallet, sums in sums_cents.items():
        left_cents = sums["put in"] + sums["given back"] - sums["captured"]
        if there[wallet] != left_cents:
            problems.append(
                f"all {wallet} wallets have {there[wallet]} centavos instead of {left_cents}"
            )
    return problems
