"""Who takes part."""

from benchmarks.compare.constants import Constant
from benchmarks.compare.ours import Ours
from benchmarks.compare.peer import Kind, Peer
from benchmarks.compare.postgresql import PostgreSQL
from benchmarks.compare.pykka_threads import Pykka
from benchmarks.compare.redis_lua import Redis
from benchmarks.compare.sqlite_groups import SQLite

BARE = Constant(bare=True)
STARLETTE = Constant(bare=False)
OURS = Ours(read_models=True)
OURS_ALONE = Ours(read_models=False)
PEERS: tuple[Peer, ...] = (
    BARE,
    STARLETTE,
    OURS,
    OURS_ALONE,
    PostgreSQL(Kind.ONE),
    PostgreSQL(Kind.GATHERED, gathered=True),
    Redis(Kind.ONE),
    Redis(Kind.GATHERED, gathered=True),
    SQLite(Kind.GATHERED),
    Pykka(),
    PostgreSQL(Kind.OWN_FRONT, gathered=True),
    Redis(Kind.OWN_FRONT, gathered=True),
    SQLite(Kind.OWN_FRONT),
)
"""In the order of the table."""


def chosen(keys: str) -> list[Peer]:
    """Contenders by their keys with commas between; all where there are none.

    Raises:
        KeyError: of a key that nobody has.
    """
    known = {peer.key: peer for peer in PEERS}
    return [known[key] for key in keys.split(",")] if keys else list(PEERS)
