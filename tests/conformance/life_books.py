"""What a scenario has brought in and bought: for conservation, clean-up and the last reading."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Final
from urllib.parse import quote

from tests.conformance.life_client import Sent
from tests.conformance.life_expected import document_of
from tests.support.client import Answer
from tests.support.documents import Document

TRANSACTIONS: Final = frozenset(("transactions", "transaction", "authorize"))


class Books:
    """Kept from what was sent and answered, in the scenario's own names."""

    def __init__(self) -> None:
        self.purchases: set[tuple[str, str]] = set()
        """Account and id."""
        self.unnamed: dict[str, Decimal] = defaultdict(Decimal)
        """Approved by /transactions without an id, by account."""
        self.money_in: dict[str, Decimal] = defaultdict(Decimal)
        """Opening balances, credits and adjustments, by account."""
        self.cleanup: list[str] = []
        """What holds for every account, as URLs to DELETE."""

    def note(self, sent: Sent, answer: Answer) -> None:
        """Keep what the checks at the end need to know of a request."""
        kind = sent.words[-1]
        if sent.method == "PUT" and sent.words[0] == "limits":
            self.cleanup.append(sent.url)
        if not isinstance(sent.document, dict):
            return
        if sent.method == "PUT" and sent.words == ("merchants",):
            self.cleanup.append("/merchants?name=" + quote(sent.document["name"], safe=""))
        if sent.method != "POST" or answer.status not in (200, 201):
            return
        if len(sent.words) == 1 and kind in TRANSACTIONS:
            self._note_transaction(sent.document, answer)
        elif kind == "authorizations":
            self.purchases.add((sent.words[1], sent.document["id"]))
        elif kind in ("reversals", "captures"):
            self.purchases.add((sent.words[1], sent.words[3]))
        elif answer.status == 201 and kind in ("credits", "adjustments"):
            self.money_in[sent.words[1]] += sent.document["amount"]

    def _note_transaction(self, document: Document, answer: Answer) -> None:
        said = document_of(answer)
        if not isinstance(said, dict) or said.get("code") != "00":
            return
        account = document.get("account", document.get("accountId"))
        assert isinstance(account, str)
        if isinstance(document.get("id"), str):
            self.purchases.add((account, document["id"]))
        else:
            amount = document.get("totalAmount", document.get("amount"))
            self.unnamed[account] += Decimal(str(amount))

    def taken(self, account: str, wallets: Document, purchases: list[Document]) -> set[Decimal]:
        """What the purchases of an account say that they took from its wallets.

        Reversed captures went back; a purchase does not say how much of what was reversed had
        been captured, so each sum that is possible is given.
        """
        sums = {self.unnamed[account]}
        for purchase in purchases:
            if purchase["source"] not in wallets:  # declined, or paid by a card's limit
                continue
            kept = purchase["captured"] - purchase["refunded"]
            ways = {way for way in (kept, kept - purchase["reversed"]) if way >= 0}
            sums = {so_far + way for so_far in sums for way in ways}
        return sums
