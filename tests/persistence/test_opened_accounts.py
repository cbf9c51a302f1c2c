"""Accounts that are opened one behind the other are not all unpacked at a time in a replay."""

from __future__ import annotations

from typing import Any

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.events import AccountOpened, PurchaseApproved
from authorizer.domain.accounts.policy import ID_RETENTION
from authorizer.persistence.state.population import EntityStore
from authorizer.persistence.state.record import encode
from authorizer.persistence.state.state import Replay, State


def test_an_account_is_packed_as_soon_as_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    packed: list[str] = []
    put = EntityStore.put

    def watched(store: EntityStore[Any], entity_id: str, state: Any) -> None:
        packed.append(entity_id)
        put(store, entity_id, state)

    monkeypatch.setattr(EntityStore, "put", watched)
    replay = Replay(State(), ID_RETENTION)
    for position, name in enumerate("abc", 1):
        opened = AccountOpened(position, "t", name, {"CASH": 10}, None)
        replay.apply_records([encode(opened)], position)
        assert packed == list("abc")[:position]
    bought = PurchaseApproved(4, "t", "a", None, 4, "5999", "X", None, None, "CASH")
    replay.apply_records([encode(bought)], 4)
    assert packed == ["a", "b", "c"]
    replay.finish()
    account = replay.state[ACCOUNTS].load("a")
    assert (account.position, account.wallets_cents) == (4, {"CASH": 6})
    assert replay.state[ACCOUNTS].load("c").wallets_cents == {"CASH": 10}
