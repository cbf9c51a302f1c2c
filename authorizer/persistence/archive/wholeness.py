"""An account with all its purchases in memory, to be compared: wherever they lay."""

from authorizer.domain.accounts.kept_purchases import Purchases
from authorizer.domain.accounts.leaving import in_memory, recalled
from authorizer.domain.accounts.purchase_state import Purchase, PurchaseStatus
from authorizer.domain.accounts.state import Account
from authorizer.persistence.archive.protocol import LATEST, Archive


def make_whole(
    account: Account, archive: Archive | None, since_us: int, before: int = LATEST
) -> None:
    """Bring back what left before a position, and leave out what depends on restarts and settings.

    Which closed purchases from before `since_us` are still kept does, and whether the first answer
    of one that has several messages by now is.

    Raises:
        ArchiveError: the archive can't be read.
    """
    found = [] if archive is None else list(archive.of_account(account.account_id, before))
    singles: dict[str, str] = {}
    for each in found:
        if in_memory(account, each.purchase_id):
            continue
        if isinstance(each.form, str):
            singles[each.purchase_id] = each.form
        else:
            purchase = recalled(each.purchase_id, each.form).found
            assert isinstance(purchase, Purchase)
            account.purchases[each.purchase_id] = purchase
    keys = account.purchase_keys
    if singles:
        keys.sealed_pages = (singles, *keys.sealed_pages)
    account.purchases = Purchases(
        (name, account.purchases[name])
        for name in sorted(account.purchases)
        if _is_kept(account.purchases[name], since_us)
    )
    keys.sealed_pages = tuple(_others(page, account.purchases) for page in keys.sealed_pages)
    keys.open_page = _others(keys.open_page, account.purchases)


def _is_kept(purchase: Purchase, since_us: int) -> bool:
    changed_us = purchase.operations[-1].at_us
    return purchase.status is PurchaseStatus.PENDING or changed_us >= since_us


def _others(page: dict[str, str], purchases: dict[str, Purchase]) -> dict[str, str]:
    return {key: entry for key, entry in page.items() if key not in purchases}
