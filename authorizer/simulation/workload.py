"""What happens in a simulated history: a seed decides it all before anything has happened."""

from __future__ import annotations

from random import Random
from typing import Any, Final, NamedTuple

from authorizer.simulation.naive_account import HOUR_US, MCC_OF, WALLETS
from authorizer.simulation.naive_purchase import NaiveLimit
from authorizer.simulation.requests import card_of

ACCOUNTS: Final = tuple(f"a{number}" for number in range(5))
HOT: Final = ACCOUNTS[0]
MERCHANTS: Final = ("MERCADO DA VILA", "BAR DO PORTO", "POSTO LESTE")
TRAILING_US: Final = {"PT5H": 5 * HOUR_US, "P3D": 72 * HOUR_US}
MAX_HOURS: Final = 300 * 24
"""All waiting together: no purchase's id is so old that it is forgotten, and may be used anew."""


class Step(NamedTuple):
    """One thing that happens, by the name of the method that does it."""

    what: str
    how: tuple[Any, ...] = ()


WEIGHTS: Final = {
    "buy": 20,
    "buy_together": 6,
    "hold": 12,
    "increment": 4,
    "capture": 8,
    "reverse": 6,
    "refund": 4,
    "credit": 4,
    "adjust": 2,
    "freeze": 1,
    "block": 2,
    "put_limit": 2,
    "remove_limit": 1,
    "open": 2,
    "open_card": 1,
    "read": 4,
    "again": 5,
    "override": 2,
    "wait": 3,
    "set_clock": 0.5,
    "confirm_clock": 2,
    "tick": 2,
    "begin_batch": 6,
    "commit_once": 16,
    "commit": 3,
    "work": 5,
    "archive": 2,
    "follow": 2,
    "check_books": 1,
    "snapshot": 1,
    "register": 0.4,
    "open_ticket": 0.4,
    "resolve_ticket": 0.3,
    "erase": 0.2,
    "restart": 0.3,
    "kill": 0.2,
    "lose_power": 0.3,
    "die_amid": 0.5,
    "die_amid_start": 0.2,
    "fail_journal": 0.4,
    "fail_snapshot": 0.2,
    "rot": 0.2,
}
"""How often each step is taken, beside the others, in the middle of all seeds."""
SWARM: Final = (0, 0.3, 1, 1, 3)
"""What a seed may take more or less often: some faults show where others keep out of their way."""


STARTS: Final = (
    "restart",
    "kill",
    "lose_power",
    "die_amid",
    "die_amid_start",
    "fail_journal",
    "rot",
)
"""The steps that a start follows."""
RARELY: Final = 0.1
"""How often they are taken where long lives are played, beside their weight above."""
DEATHS: Final = 3
"""How many of them are sure then, evenly spread."""


class Workload:
    """Draws steps; where lives are long, a tenth of the starts and some that are sure."""

    def __init__(self, seed: int, *, long_lives: bool = False) -> None:
        self._random = Random(f"workload {seed}")  # noqa: S311 - to be guessed again
        self._long_lives = long_lives
        self._numbers = 0
        self._hours = 0

    def steps(self, count: int) -> list[Step]:
        """So many steps, behind the opening of the accounts."""
        random, names = self._random, list(WEIGHTS)
        weights = [each * random.choice(SWARM) for each in WEIGHTS.values()]
        weights[names.index("commit_once")] = WEIGHTS["commit_once"] * random.choice((0.3, 1))
        if self._long_lives:
            for name in STARTS:
                weights[names.index(name)] *= RARELY
        drawn = random.choices(names, weights, k=count)
        if self._long_lives:
            for number in range(1, DEATHS + 1):
                drawn[count * number // (DEATHS + 1)] = "die_amid"
        opened = [
            Step("open", (name, dict.fromkeys(WALLETS, 50_000), False)) for name in ACCOUNTS[:-1]
        ]
        return opened + [Step(what, getattr(self, f"_{what}")()) for what in drawn]

    # --- what is chosen ------------------------------------------------------------------------

    def _account(self) -> str:
        return HOT if self._random.random() < 0.4 else self._random.choice(ACCOUNTS)

    def _name(self) -> str:
        """A purchase's id: some come again and again, in every way."""
        if self._random.random() < 0.6:
            return f"p{self._random.randrange(12)}"
        self._numbers += 1
        return f"p{self._numbers + 100}"

    def _new_id(self) -> str:
        self._numbers += 1
        return f"o{self._numbers}"

    def _cents(self) -> int:
        return self._random.choice((1, 500, self._random.randrange(1, 9_000), 60_000))

    def _maybe_cents(self) -> int | None:
        return None if self._random.random() < 0.5 else self._random.randrange(1, 9_000)

    def _card(self, account_id: str) -> str | None:
        return card_of(account_id) if self._random.random() < 0.3 else None

    def _chance(self, share: float = 0.5) -> bool:
        return self._random.random() < share

    def _power(self) -> int | None:
        """What lost power takes with it; None: the process is killed, and no more."""
        return None if self._chance() else self._random.randrange(2**16)

    def _said(self, account_id: str) -> tuple[Any, ...]:
        mcc = self._random.choice(tuple(MCC_OF.values()))
        return self._cents(), mcc, self._random.choice(MERCHANTS), self._card(account_id)

    # --- requests ------------------------------------------------------------------------------

    def _buy(self) -> tuple[Any, ...]:
        account_id = self._account()
        name = self._name() if self._chance(0.8) else None
        waited_ms = self._random.choice((0, 0, 0, 0, 0, 0, 79, 80))
        return account_id, name, self._said(account_id), waited_ms

    def _buy_together(self) -> tuple[Any, ...]:
        account_id = self._account()
        names = [self._name() if self._chance(0.7) else None for _ in range(5)]
        return account_id, tuple((name, self._said(account_id)) for name in names)

    def _hold(self) -> tuple[Any, ...]:
        account_id = self._account()
        hours = self._random.choice((1, 24, 168))
        said = (*self._said(account_id), self._chance(0.3), hours)
        return account_id, self._name(), said

    def _increment(self) -> tuple[Any, ...]:
        return self._account(), self._name(), self._new_id(), self._cents()

    def _capture(self) -> tuple[Any, ...]:
        said = (self._maybe_cents(), self._chance(0.7), self._chance(0.3))
        return self._account(), self._name(), self._new_id(), said

    def _reverse(self) -> tuple[Any, ...]:
        said = (self._maybe_cents(), self._chance(0.2))
        return self._account(), self._name(), self._new_id(), said

    def _refund(self) -> tuple[Any, ...]:
        return self._account(), self._name(), self._new_id(), self._maybe_cents()

    def _credit(self) -> tuple[Any, ...]:
        name = self._new_id() if self._chance(0.8) else "c"
        account_id, wallet = self._account(), self._random.choice(WALLETS)
        cents = self._random.randrange(1, 9_000)
        return account_id, name, wallet, cents, None if cents % 2 else f"sale {cents % 10}"

    def _adjust(self) -> tuple[Any, ...]:
        cents = self._random.randrange(1, 9_000) * self._random.choice((1, -1))
        return self._account(), self._new_id(), self._random.choice(WALLETS), cents

    def _freeze(self) -> tuple[Any, ...]:
        return self._account(), self._chance(0.4)

    def _block(self) -> tuple[Any, ...]:
        return self._account(), self._chance(0.4)

    def _put_limit(self) -> tuple[Any, ...]:
        window = self._random.choice(("transaction", "lifetime", *TRAILING_US))
        limit = NaiveLimit(
            window,
            TRAILING_US.get(window),
            None if self._chance(0.3) else self._random.randrange(1_000, 40_000),
            None if window == "transaction" or self._chance() else self._random.randrange(1, 9),
            self._random.choice((None, *WALLETS)),
            self._chance(0.3),
        )
        if limit.most_cents is None and limit.most_count is None:
            limit = limit._replace(most_cents=20_000)
        return self._account(), self._random.choice("xy"), limit

    def _remove_limit(self) -> tuple[Any, ...]:
        return self._account(), self._random.choice("xy")

    def _open(self) -> tuple[Any, ...]:
        return self._account(), dict.fromkeys(WALLETS, 50_000), self._chance(0.3)

    def _open_card(self) -> tuple[Any, ...]:
        return (self._account(), 80_00)

    def _read(self) -> tuple[Any, ...]:
        return (self._account(),)

    def _again(self) -> tuple[Any, ...]:
        return (self._random.randrange(1, 30),)

    def _override(self) -> tuple[Any, ...]:
        mcc = None if self._chance(0.3) else self._random.choice(tuple(MCC_OF.values()))
        return self._random.choice(MERCHANTS), mcc

    # --- people --------------------------------------------------------------------------------

    def _register(self) -> tuple[Any, ...]:
        return self._account(), self._random.randrange(10**6)

    def _open_ticket(self) -> tuple[Any, ...]:
        return (self._account(),)

    def _resolve_ticket(self) -> tuple[Any, ...]:
        return (self._random.randrange(8),)

    def _erase(self) -> tuple[Any, ...]:
        dies = None if self._chance() else self._random.randrange(6)
        return self._account(), dies, self._power()

    # --- the machine ---------------------------------------------------------------------------

    def _wait(self) -> tuple[Any, ...]:
        hours = self._random.choice((0, 0, 1, 2, 23, 100))
        hours = hours if self._hours + hours <= MAX_HOURS else 0
        self._hours += hours
        return (hours * HOUR_US + self._random.randrange(2_000_000),)

    def _set_clock(self) -> tuple[Any, ...]:
        return (self._random.choice((-24, -1, 1, 24)),)

    def _tick(self) -> tuple[Any, ...]:
        return ()

    _begin_batch = _confirm_clock = _commit_once = _commit = _archive = _follow = _check_books = (
        _snapshot
    ) = _restart = _tick
    _kill = _tick

    def _work(self) -> tuple[Any, ...]:
        return (self._random.randrange(1, 9),)

    def _lose_power(self) -> tuple[Any, ...]:
        return (self._random.randrange(2**16),)

    def _die_amid(self) -> tuple[Any, ...]:
        return self._random.randrange(9), self._power()

    _die_amid_start = _die_amid

    def _fail_journal(self) -> tuple[Any, ...]:
        operation = self._random.choice(("write", "sync", "sync", "rename", "append"))
        return operation, self._random.randrange(300), self._chance(), self._power()

    def _fail_snapshot(self) -> tuple[Any, ...]:
        return self._random.choice(("write", "sync")), self._random.randrange(1, 6)

    def _rot(self) -> tuple[Any, ...]:
        return self._random.choice(("journal", "snapshots")), self._random.random(), self._chance()
