"""A digest of all state: two states with the same digest answer every request alike."""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import orjson

from authorizer.domain.accounts.idempotency import IdempotencyKeys
from authorizer.domain.accounts.state import Account
from authorizer.domain.aggregate import Aggregate, Codec, TableCodec
from authorizer.domain.moments import DAY_US
from authorizer.persistence.archive.protocol import LATEST, Archive
from authorizer.persistence.archive.wholeness import make_whole
from authorizer.persistence.state.state import State

SURELY_KEPT_US: Final = DAY_US
"""Younger ids are in every state, however short the retention was when it was made."""
_CREDITS: Final = "credit_keys"


def state_digest(
    state: State,
    ids_since_us: int,
    archive: Archive | None = None,
    before: int = LATEST,
    credits_since_us: int | None = None,
) -> bytes:
    """SHA-256 over everything in a state, in one order and one form.

    How ids are split into pages makes no difference, nor do ids that were answered before
    `ids_since_us`: when a page of old ids is forgotten depends on restarts and settings. Those of
    credits may have another such time, `credits_since_us`. Nor does it make one which purchases lie
    in the `archive`. What it has from that position on is not of the state: a server may be writing
    it.

    Raises:
        ArchiveError: the archive can't be read.
    """
    digest = hashlib.sha256()

    def add(*parts: bytes) -> None:
        for part in parts:
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)

    for aggregate, store in state.stores.items():
        name = aggregate.name.encode()
        for entity_id in sorted(store):
            entity = store.load(entity_id)
            if isinstance(entity, Account):
                make_whole(entity, archive, ids_since_us, before)
            for attribute in _pages(aggregate):
                since_us = ids_since_us
                if attribute == _CREDITS and credits_since_us is not None:
                    since_us = credits_since_us
                setattr(entity, attribute, _one_page(getattr(entity, attribute), since_us))
            add(name, entity_id.encode(), store.encode(entity))
    for index, entries in state.indexes.items():
        name = index.name.encode()
        for key in sorted(entries):
            add(name, key.encode(), entries[key].encode())
    for aggregate, single in state.singles.items():
        assert isinstance(aggregate.codec, TableCodec)
        for part in aggregate.codec.parts(single):
            add(aggregate.name.encode(), orjson.dumps(part))
    return digest.digest()


def _pages(aggregate: Aggregate[Any]) -> Iterable[str]:
    return aggregate.codec.pages.values() if isinstance(aggregate.codec, Codec) else ()


def _one_page(ids: IdempotencyKeys, since_us: int) -> IdempotencyKeys:
    entries: dict[str, str] = {}
    for page in (*ids.sealed_pages, ids.open_page):
        entries.update(page)
    one = IdempotencyKeys()
    one.open_page = {key: entries[key] for key in sorted(entries) if ids.get(key, since_us)}
    return one
