"""Whether the keys of personal data open what is sealed in a state.

A missing key is no damage that a checksum finds: the journal is whole, and what it says of the
person is lost all the same.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.customers.state import ERASED, Customer
from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.state import Ticket
from authorizer.persistence.disk import Disk
from authorizer.persistence.privacy.keyring import HEADER, Keyring, VaultDamagedError
from authorizer.persistence.privacy.vault import FILE, read_keys
from authorizer.persistence.problem import Problem
from authorizer.persistence.state.state import State


class CheckedKeys(NamedTuple):
    """A key file, and what is amiss between it and a state."""

    file: str
    keys: int
    destroyed: int
    """How many slots were overwritten: one for each customer who was erased."""
    of_erased: tuple[str, ...]
    """Erased customers whose key is there still; the next start destroys it, so no problem."""
    problems: tuple[Problem, ...]


class KeyCheck:
    """Opens what is sealed with the keys as they were both before and after a state was made.

    Beside a server keys come and go meanwhile: one that is there before or after was no missing
    one. Keys are made before the record that needs them, and destroyed after the erasure's.
    """

    def __init__(self, disk: Disk, folder: str, erased_later: Collection[str] = ()) -> None:
        self._disk = disk
        self._erased_later = erased_later
        self._name = f"{folder}/{FILE}"
        self._folder = folder
        self._before, _ = self._read()

    def check(self, state: State) -> CheckedKeys:
        """Open every text of every customer who is not erased."""
        keys, amiss = self._read()
        rings = (keys, self._before)
        file = self._disk.path(self._name)
        failing = _failing(state, rings)
        for customer_id in self._erased_later:
            failing.pop(customer_id, None)
        problems = [Problem(file, offset, "no key and no zeros") for offset in keys.damaged_at]
        if amiss is not None and (failing or not isinstance(amiss, FileNotFoundError)):
            problems.insert(0, Problem(file, None, _said(amiss)))
        spare = max(0, keys.destroyed - len(state.indexes[ERASED]))
        problems += [
            Problem(file, None, f"customer {customer_id!r} {_why(keys, customer_id, what, spare)}")
            for customer_id, what in failing.items()
        ]
        late = (each for each in sorted(state.indexes[ERASED]) if keys.has_key(each))
        return CheckedKeys(file, len(keys), keys.destroyed, tuple(late), tuple(problems))

    def _read(self) -> tuple[Keyring, Exception | None]:
        try:
            return read_keys(self._disk, self._folder, from_device=True), None
        except (OSError, VaultDamagedError) as error:
            return Keyring(HEADER), error


def _said(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "the key file is missing"
    return str(error.strerror or error) if isinstance(error, OSError) else str(error)


def _why(keys: Keyring, customer_id: str, what: str, spare: int) -> str:
    if keys.has_key(customer_id):
        return f"has a key that does not open {what}: it is another customer's, or another folder's"
    text = f"has no key, and {what} can't be read"
    if spare:
        text += f" ({spare} more keys were destroyed than erasures are in the journal: they may "
        text += "have been erased behind its end; then erase them again)"
    return text


def _failing(state: State, rings: Iterable[Keyring]) -> dict[str, str]:
    """The customers whose texts can't be opened, and what is the first of it."""
    failing: dict[str, str] = {}
    for customer_id in state[CUSTOMERS]:
        if customer_id in state.indexes[ERASED]:
            continue
        customer = state[CUSTOMERS].load(customer_id)
        if not _opens(rings, customer_id, _texts_of_customer(customer)):
            failing[customer_id] = "the personal data"
    for ticket_id in state[TICKETS]:
        ticket = state[TICKETS].load(ticket_id)
        if ticket.customer_id in state.indexes[ERASED] or ticket.customer_id in failing:
            continue
        if not _opens(rings, ticket.customer_id, _texts_of_ticket(ticket)):
            failing[ticket.customer_id] = f"the ticket {ticket_id}"
    return failing


def _opens(rings: Iterable[Keyring], customer_id: str, texts: Iterator[str | None]) -> bool:
    return all(
        any(ring.open(customer_id, Sealed(text)) is not None for ring in rings)
        for text in texts
        if text
    )


def _texts_of_customer(customer: Customer) -> Iterator[str | None]:
    yield customer.personal
    for operation in customer.imported_operations:
        yield operation.justification


def _texts_of_ticket(ticket: Ticket) -> Iterator[str | None]:
    yield from (ticket.text, ticket.resolution, ticket.reopening)
    for interaction in ticket.interactions:
        yield interaction.text
