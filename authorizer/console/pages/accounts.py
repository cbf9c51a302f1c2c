"""`/console/contas`: an account as it stands, as of a moment, and its story."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from starlette.responses import Response

from authorizer.actors.velocity_limits import VelocityLimits
from authorizer.console import words
from authorizer.console.access.door import page
from authorizer.console.access.visits import Visit
from authorizer.console.desk import Desk
from authorizer.console.pages.customer_view import last_four
from authorizer.console.pages.limits import Level
from authorizer.console.words import said
from authorizer.domain.accounts.commands import ReadAccount
from authorizer.domain.accounts.state import AccountStatus, AccountView
from authorizer.domain.outcomes import Reason, Refusal
from authorizer.followers.reports.bounds import MAX_PAGE_ROWS
from authorizer.http.access.roles import BOTH_READ, CARE_READ, OPERATIONS
from authorizer.http.api.problems import accepted

STORY: Final = 50
CHANGES: Final = 10
"""Changes of an account's status that are shown, the newest first."""
MOST_FOUND: Final = 50
TRIES: Final = 5
"""How often a moment is looked for on an account that goes on purchasing meanwhile."""
_BUSY: Final = said("A conta muda depressa demais para se olhar para trás agora. Tente de novo.")
_NO_ACCOUNT: Final = said("Não há conta com este número, nem com um cartão assim.")
_LAST_FOUR: Final = re.compile(r"[0-9]{4}")


class Balance(NamedTuple):
    """A wallet, as it was at a moment."""

    wallet: str
    available_cents: int
    held_cents: int


class _Found(NamedTuple):
    """An account that was found."""

    account_id: str

    @property
    def path(self) -> str:
        """Its page."""
        return f"/console/contas/{quote(self.account_id, safe='')}"


class AccountPages:
    """`/console/contas`."""

    def __init__(self, desk: Desk, limits: VelocityLimits) -> None:
        self._desk = desk
        self._limits = limits

    @page("GET", "/console/contas", BOTH_READ)
    async def find(self, visit: Visit) -> Response:
        """Ask for the number of an account, or for a card of it, and lead to it.

        A card is named by its id, or by the last four digits of its number: several accounts may
        have one that ends so.
        """
        text = visit.asked("conta")
        found, more = await self._found(text) if text else ([], False)
        if len(found) == 1 and not more:
            return visit.go(found[0].path)
        return await visit.page(
            "accounts.html",
            sought=text,
            text=_NO_ACCOUNT if text and not found and not more else "",
            found=found,
            more=more,
        )

    async def _found(self, text: str) -> tuple[list[_Found], bool]:
        """The accounts that a text names, and whether there are more."""
        dispatcher = self._desk.actors.dispatcher
        if not isinstance(await dispatcher.ask(ReadAccount(text)), Refusal):
            return [_Found(text)], False
        card_ids, more = [text], False
        if _LAST_FOUR.fullmatch(text):
            ending: Any = await self._desk.reports.query(
                "cards_ending", last_four=text, limit=MOST_FOUND
            )
            card_ids += [row["card_id"] for row in ending["rows"]]
            more = ending["more"]
        account_ids = dict.fromkeys(map(dispatcher.account_of_card, card_ids))
        return [_Found(name) for name in account_ids if name is not None], more

    @page("GET", "/console/contas/{account_id}", BOTH_READ)
    async def show(self, visit: Visit) -> Response:
        """Show an account, its limits and its story: as it stands, or as of a line of it."""
        account_id = visit.id("account_id")
        asked = visit.asked("em")
        at = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
        _, account = accepted(await self._desk.actors.dispatcher.ask(ReadAccount(account_id)))
        limits = accepted(await self._limits.of_account(account_id))
        balances: list[Balance] | None = _balances(account, {})
        if at is not None:
            balances = await self._as_of(account_id, at)
        before = {} if at is None else {"before": [at + 1]}
        story: Any = await self._desk.reports.query(
            "statement", account_id=account_id, limit=min(STORY, MAX_PAGE_ROWS), **before
        )
        last_fours = {card.card_id: last_four(card) for card in account.cards}
        lines = [_line(row, last_fours, visit.translate) for row in story["rows"]]
        changes: Any = await self._desk.reports.query(
            "account_changes", account_id=account_id, limit=CHANGES
        )
        return await visit.page(
            "account.html",
            account=account,
            changes=[
                {"row": row, "status": AccountStatus(row["status"])} for row in changes["rows"]
            ],
            account_path=quote(account_id, safe=""),
            customer_path=quote(account.customer_id, safe="")
            if account.customer_id and visit.user.role in CARE_READ
            else "",
            level=Level(account_id, {}),
            balances=balances,
            text=_BUSY if balances is None else "",
            as_of=lines[0] if at is not None and lines else None,
            lines=lines,
            older=story["next"][0] if story["next"] else None,
            limits=limits,
            may_change=visit.user.role in OPERATIONS,
        )

    async def _as_of(self, account_id: str, position: int) -> list[Balance] | None:
        """The wallets as they were after the event at a position: as they are, and back.

        None where the account goes on changing: what has happened since must be what the account
        has by now, no more and no less.
        """
        for _ in range(TRIES):
            _, account = accepted(await self._desk.actors.dispatcher.ask(ReadAccount(account_id)))
            since: Any = await self._desk.reports.query(
                "moved_since", account_id=account_id, position=position
            )
            _, again = accepted(await self._desk.actors.dispatcher.ask(ReadAccount(account_id)))
            if (account.wallets_cents, account.held_cents, account.owed_cents) == (
                again.wallets_cents,
                again.held_cents,
                again.owed_cents,
            ):
                return _balances(account, {row["wallet"]: row for row in since})
        return None


def _balances(account: AccountView, since: Mapping[str, Mapping[str, int]]) -> list[Balance]:
    wallets = dict.fromkeys([*account.wallets_cents, *since])
    return [
        Balance(
            wallet,
            account.wallets_cents.get(wallet, 0) - since.get(wallet, _NOTHING)["available_cents"],
            account.held_cents.get(wallet, 0) - since.get(wallet, _NOTHING)["held_cents"],
        )
        for wallet in wallets
        if wallet in account.wallets_cents
    ]


_NOTHING: Final[Mapping[str, int]] = {"available_cents": 0, "held_cents": 0}


def _line(
    row: dict[str, Any], last_fours: Mapping[str, str], translate: words.Translate
) -> dict[str, Any]:
    plain = row["reason"] == Reason.APPROVED.name_on_wire
    return {
        "row": row,
        "amount_cents": int(row["amount_cents"]),
        "is_approved": Reason.of(row["reason"]).answer_code == Reason.APPROVED.answer_code,
        "last_four": last_fours.get(row["card_id"] or "", ""),
        "why": "" if plain else words.why(row["reason"], row["decided_by"], translate),
        "shadow": [limit["name"] for limit in row["shadow"] or ()],
    }
