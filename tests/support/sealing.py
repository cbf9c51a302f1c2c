"""Sealing that seals nothing, for tests that are about something else."""

from __future__ import annotations

from authorizer.domain.sealing import Sealed, unsealed


class PlainSealer:
    """Has a key for everybody."""

    def has_key(self, customer_id: str) -> bool:
        return True

    def seal(self, customer_id: str, plain: str) -> Sealed:
        return unsealed(plain)

    def open(self, customer_id: str, sealed: Sealed) -> str | None:
        return sealed.removeprefix("plain:")
