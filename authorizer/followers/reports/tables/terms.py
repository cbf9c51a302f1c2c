"""What lines of statements have in common: which of it is in its table already, and what is new."""

from typing import Final, NamedTuple

from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.outcomes import Reason

MAX_KNOWN: Final = 16_384
"""Terms that are remembered. Past them all are forgotten, and put into their table again."""

Values = tuple[int | str | None, ...]
"""A row, its values in the order of the table's columns."""


class Terms(NamedTuple):
    """The terms of a line, as `schema.terms` has them. The texts are storable."""

    reason: Reason
    source: str | None = None
    wallet: str | None = None
    mcc: str | None = None
    merchant: str | None = None
    product: str | None = None
    override_mcc: str | None = None
    decided_by: str | None = None
    shadow: str | None = None

    def row(self, terms_id: int) -> Values:
        """The row that has this id."""
        reason = self.reason
        return (terms_id, reason.answer_code, reason.name_on_wire, *self[1:])


class Like:
    """Purchases that are alike in their terms: under which id these are, and how many came."""

    __slots__ = ("cents", "count", "terms", "terms_id")

    def __init__(self, terms: Terms, terms_id: int) -> None:
        self.terms = terms
        self.terms_id = terms_id
        self.count = 0
        """How many of a day came in this run, until they are added to its sums."""
        self.cents = 0


_Plain = tuple[str | None, str, str, str | None, str | None]


class KnownTerms:
    """The terms that are known to be in their table, of one edition of the tables.

    `begin` a run; what is `new` by its end must be stored with it, or all be forgotten.
    """

    def __init__(self) -> None:
        self._likes: dict[Terms, Like] = {}
        self.approved: dict[_Plain, Like] = {}
        """Without anything special, by wallet, MCC, merchant, override and product."""
        self.declined: dict[_Plain, Like] = {}
        """By the reason's word instead of the wallet."""
        self.new: list[Values] = []
        """The rows that are not in the table yet."""

    def begin(self) -> None:
        """A run of events begins, and all terms of the one before are in the table."""
        self.new = []
        if len(self._likes) > MAX_KNOWN:
            self.forget()

    def forget(self) -> None:
        """Know nothing more."""
        self.new = []
        for known in (self._likes, self.approved, self.declined):
            known.clear()

    def like(self, terms: Terms, position: int) -> Like:
        """The purchases with these terms, of which one has this position."""
        like = self._likes.get(terms)
        if like is None:
            like = self._likes[terms] = Like(terms, position)
            self.new.append(terms.row(position))
        return like

    def learn_approved(self, plain: _Plain, position: int) -> Like:
        """Approved purchases of which nothing special is told."""
        wallet, mcc, merchant, override, product = plain
        source = CREDIT_LIMIT if wallet is None else wallet
        terms = Terms(Reason.APPROVED, source, wallet, mcc, merchant, product, override)
        like = self.approved[plain] = self.like(terms, position)
        return like

    def learn_declined(self, plain: _Plain, position: int) -> Like:
        """Declined purchases of which nothing special is told.

        Raises:
            LookupError: there is no such reason.
        """
        word, mcc, merchant, override, product = plain
        terms = Terms(Reason.of(str(word)), None, None, mcc, merchant, product, override)
        like = self.declined[plain] = self.like(terms, position)
        return like
