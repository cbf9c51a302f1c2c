"""An index of customers by what is known of the person. In memory only, never on a disk.

Personal data on a disk would outlive the key of its person; here it ends with the process.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final
from weakref import finalize

from authorizer.domain.customers.person import Person
from authorizer.domain.customers.person_search import Criterion, Found, terms_of
from authorizer.domain.text import fold_name

_SCHEMA: Final = """
PRAGMA temp_store = memory;
PRAGMA secure_delete = on;
CREATE TABLE customer (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
CREATE TABLE term (
    field TEXT NOT NULL, text TEXT NOT NULL, customer INTEGER NOT NULL,
    PRIMARY KEY (field, text, customer)
) WITHOUT ROWID;
CREATE TABLE loading (field TEXT NOT NULL, text TEXT NOT NULL, customer INTEGER NOT NULL);
"""
_LOADED: Final = """
INSERT INTO term SELECT field, text, customer FROM loading ORDER BY field, text, customer;
DROP TABLE loading;
CREATE INDEX term_of_customer ON term (customer);
CREATE INDEX customer_in_order ON customer (name, id);
"""
_IS: Final = "SELECT customer FROM term WHERE field = ? AND text = ?"
_BEGINS: Final = "SELECT customer FROM term WHERE field = ? AND text >= ? AND text < ?"
_LAST_CHARACTER: Final = "\U0010ffff"


class CustomerIndex:
    """An index for one thread at a time, any thread. It ends with the last reference to it."""

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        # not before a thread that is at work on it lets go, as who waited for that may be cancelled
        self._end = finalize(self, self._db.close)
        self._db.executescript(_SCHEMA)
        self._newest = 0
        """The newest number that a customer got."""

    def load(self, people: Iterable[tuple[str, Person]]) -> None:
        """Add customers that are not in the index yet. They are found after `loaded`."""
        self._db.execute("BEGIN")
        self._add(people, "loading")
        self._db.execute("COMMIT")

    def loaded(self) -> None:
        """End the loading: from now on `put` keeps the index up to date."""
        self._db.executescript(_LOADED)

    def put(self, people: Iterable[tuple[str, Person | None]]) -> None:
        """Replace what the index holds of customers; None removes a customer."""
        newest = dict(people)
        self._db.execute("BEGIN")
        for customer_id in newest:
            self._forget(customer_id)
        known = ((name, person) for name, person in newest.items() if person is not None)
        self._add(known, "term")
        self._db.execute("COMMIT")

    def find(self, criteria: Sequence[Criterion], after: Found | None, limit: int) -> list[Found]:
        """The customers that meet all criteria, in order, behind a place."""
        conditions, values = [], list[str | int]()
        for criterion in criteria:
            is_one = _IS if criterion.whole else _BEGINS
            conditions.append(f"number IN ({' UNION ALL '.join([is_one] * len(criterion.texts))})")
            for text in criterion.texts:
                values += (criterion.field, text)
                if not criterion.whole:
                    values.append(text + _LAST_CHARACTER)
        if after is not None:
            conditions.append("(name, id) > (?, ?)")
            values += after
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        query = f"SELECT name, id FROM customer {where} ORDER BY name, id LIMIT ?"  # noqa: S608
        return [Found(*row) for row in self._db.execute(query, (*values, limit))]

    def close(self) -> None:
        """Forget everything."""
        self._end()

    def _add(self, people: Iterable[tuple[str, Person]], table: str) -> None:
        customers, terms = [], []
        for customer_id, person in people:
            self._newest += 1
            customers.append((self._newest, customer_id, fold_name(person.name)))
            terms += [(*term, self._newest) for term in terms_of(person)]
        self._db.executemany("INSERT INTO customer VALUES (?, ?, ?)", customers)
        self._db.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", terms)  # noqa: S608

    def _forget(self, customer_id: str) -> None:
        row = self._db.execute(
            "SELECT number FROM customer WHERE id = ?", (customer_id,)
        ).fetchone()
        if row is not None:
            self._db.execute("DELETE FROM term WHERE customer = ?", row)
            self._db.execute("DELETE FROM customer WHERE number = ?", row)
