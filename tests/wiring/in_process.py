"""Settings whose effect is seen on the real composition, without a server around it."""

from __future__ import annotations

import asyncio
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NamedTuple
from unittest.mock import patch
from zoneinfo import ZoneInfo

from authorizer.actors.clock import ClockState
from authorizer.actors.counts import PurchaseCounts
from authorizer.cli.serve import _bind
from authorizer.domain.access import ApiKey, Role
from authorizer.domain.accounts import idempotency
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.commands import Authorize, Credit, OpenAccount, ReadAccount
from authorizer.domain.accounts.events import AccountOpened
from authorizer.domain.accounts.purchase_commands import AuthorizeHold, Capture, Reverse
from authorizer.domain.accounts.purchase_state import PurchaseView
from authorizer.domain.moments import MINUTE_US, moment_of, us_of
from authorizer.domain.outcomes import Outcome, Reason, Refusal
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.escalation import next_escalation_us
from authorizer.domain.tickets.service_levels import Priority
from authorizer.domain.tickets.state import Ticket
from authorizer.followers.reports.client import ReportsUnavailableError
from authorizer.http.access.control import Denied
from authorizer.http.access.credentials import new_credential
from authorizer.http.metrics import Metrics
from authorizer.persistence.api_keys import KeyFile, changing, write_keys
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.recovery import Unread
from authorizer.runtime.recovery import recover_with_summary
from authorizer.runtime.running import run
from authorizer.runtime.world import real_world
from authorizer.server import old_segments
from authorizer.server.access import access_for
from authorizer.server.old_segments import old_segments_of
from authorizer.server.reports import reports_process
from authorizer.settings.loading import load_settings
from tests.support.builders import BY, DAY_US, ToySealer
from tests.support.command_line import journal_files, write_events
from tests.support.commands import purchase, ticket
from tests.support.machine import Machine

Observe = Callable[[Path, dict[str, Any]], Any]

HOUR_US: Final = DAY_US // 24
LONG_ID: Final = "x" * 1000
MIB_OF_ACCOUNTS: Final = 1100
"""So many accounts with such an id are more than a MiB of journal."""


class Case(NamedTuple):
    """What is seen where a setting has another value, and what is seen by default."""

    value: Any
    observe: Observe
    """Given an empty folder and settings."""
    seen: Any
    by_default: Any


CASES: Final[dict[str, Case]] = {}


def wired(name: str, value: Any, *, seen: Any, by_default: Any) -> Callable[[Observe], Observe]:
    """Say what shows that a setting is wired."""

    def add(observe: Observe) -> Observe:
        CASES[name] = Case(value, observe, seen, by_default)
        return observe

    return add


# --- customer care -------------------------------------------------------------------------------


def worked_by(settings: dict[str, Any], since: str) -> str:
    """When a ticket is due in an hour that is opened at a local time, as the actors count it."""
    zone = ZoneInfo("America/Sao_Paulo")
    since_us = us_of(datetime.fromisoformat(since).replace(tzinfo=zone))
    with machine(**settings) as on:
        due_us = on.running.around.context.desk_time.due_us(since_us, HOUR_US)
    return f"{moment_of(due_us).astimezone(zone):%m-%d %H:%M}"


@wired("sla_time", "business", seen="11-30 09:00", by_default="11-28 13:00")
def _(_: Path, settings: dict[str, Any]) -> Any:
    return worked_by(settings, "2026-11-28T12:00")


@wired("business_holidays", "BR-SP", seen="07-10 09:00", by_default="07-09 09:00")
def _(_: Path, settings: dict[str, Any]) -> Any:
    """On the ninth of July only the state of São Paulo has one."""
    return worked_by({"sla_time": "business", **settings}, "2026-07-09T08:00")


@wired("business_closed_days", "12-24", seen="12-25 09:00", by_default="12-24 09:00")
def _(_: Path, settings: dict[str, Any]) -> Any:
    return worked_by({"sla_time": "business", **settings}, "2026-12-24T08:00")


@wired("escalation_warning_percent", 80, seen=48, by_default=60)
def _(_: Path, settings: dict[str, Any]) -> Any:
    """After how many minutes a ticket with an hour to be answered in has something to tell."""
    with machine(**settings) as on:
        context = on.running.around.context
        opening = ticket("c", "s", None, None)._replace(priority=Priority.HIGH)
        sealed = replace(context, sealer=ToySealer())
        (opened,) = TICKETS.decide(Ticket("1"), opening, sealed, 0).events
        made = Ticket("1")
        TICKETS.evolve(made, opened, 1)
        due_us = next_escalation_us(made, context)
    return None if due_us is None else due_us // MINUTE_US


@wired("sla_next_response_minutes", {"media": 23}, seen=23, by_default=240)
def _(_: Path, settings: dict[str, Any]) -> Any:
    with machine(**settings) as on:
        level = on.running.around.context.service_levels[Priority.MEDIUM]
        return level.next_response_us // MINUTE_US


# --- decisions -----------------------------------------------------------------------------------


@contextmanager
def machine(**settings: Any) -> Iterator[Machine]:
    """A machine at work under these settings; its account `a` has 100.00 in each wallet."""
    made = Machine(**settings)
    try:
        made.start()
        given = load_settings(**settings)
        names = {*given.wallet_by_mcc.values(), given.fallback_wallet}
        opening = OpenAccount("a", dict.fromkeys(names, 100_00), None, BY)
        made.answer(made.ask(made.dispatcher.ask(opening)))
        yield made
    finally:
        made.close()


def purchase_now(on: Machine, transaction_id: str | None = None, mcc: str = "5411") -> Authorize:
    """A purchase of 1.00 that comes in now."""
    return purchase(
        1_00, mcc, transaction_id=transaction_id, account_id="a", received_ns=on.monotonic_ns
    )


def buy(on: Machine, *arguments: Any, waited_ms: int = 0, **more: Any) -> Outcome:
    """A purchase, decided."""
    command = purchase_now(on, *arguments, **more)
    late = command._replace(received_ns=command.received_ns - waited_ms * 1_000_000)
    outcome: Outcome = on.answer(on.authorize(late))
    return outcome


def spent(on: Machine) -> str:
    """The one wallet that was paid from."""
    view = on.answer(on.ask(on.dispatcher.ask(ReadAccount("a"))))[1]
    (wallet,) = [name for name, cents in view.wallets_cents.items() if cents < 100_00]
    return str(wallet)


def balances(on: Machine) -> dict[str, int]:
    """What is in each wallet, in centavos."""
    view = on.answer(on.ask(on.dispatcher.ask(ReadAccount("a"))))[1]
    wallets: dict[str, int] = view.wallets_cents
    return wallets


def hold_now(on: Machine) -> PurchaseView:
    """A hold of 10.00 for a meal, which is approved."""
    asked = AuthorizeHold(
        "a", "h", 10_00, "5812", "LOJA X", None, False, None, None, on.monotonic_ns, BY
    )
    held: PurchaseView = on.answer(on.ask(on.dispatcher.ask(asked)))[1]
    assert held.held_cents == 10_00
    return held


def captured(on: Machine, cents: int | None) -> int | None:
    """What a capture of that hold takes; None where it is refused."""
    asked = Capture("a", "h", "c", cents, True, False, None, None, None, BY)
    answer = on.answer(on.ask(on.dispatcher.ask(asked)))
    return None if isinstance(answer, Refusal) else int(answer[1].captured_cents)


@wired("deadline_ms", 50, seen=Reason.TOO_LATE, by_default=Reason.APPROVED)
def _(_: Path, settings: dict[str, Any]) -> Any:
    with machine(**settings) as on:
        late = settings.get("deadline_ms", 80) * 1_000_000
        assert on.running.purchases.admission.deadline_ns == late
        return buy(on, waited_ms=60).reason


@wired("id_retention_days", 1, seen=(1, False), by_default=(2, True))
def _(_: Path, settings: dict[str, Any]) -> Any:
    """Five days later, which is more than one day and all that the clock may mislead by.

    How many ids a recovery leaves, and whether the older one is known to who never ended.
    """
    settings = settings | {"closed_in_memory_hours": 1000}
    with machine(**settings) as on:
        buy(on, "i")
        on.wall_us += 5 * DAY_US
        on.monotonic_ns += 5 * DAY_US * 1000
        buy(on, "j")
        recovered = recover_with_summary(on.world, load_settings(**settings))
        return len(recovered.state[ACCOUNTS].load("a").purchase_keys), buy(on, "i").replayed


@wired("credit_id_retention_days", 1, seen=(1, True), by_default=(2, False))
def _(_: Path, settings: dict[str, Any]) -> Any:
    """Five days later, likewise: how many ids a recovery leaves, and whether the older is new."""
    with machine(**settings) as on:

        def credit(name: str) -> Any:
            return on.answer(on.ask(on.dispatcher.ask(Credit("a", name, "CASH", 1, BY))))

        credit("i")
        on.wall_us += 5 * DAY_US
        on.monotonic_ns += 5 * DAY_US * 1000
        credit("j")
        recovered = recover_with_summary(on.world, load_settings(**settings))
        return len(recovered.state[ACCOUNTS].load("a").credit_keys), credit("i")[0].created


@wired("max_remembered_ids", 1, seen=True, by_default=False)
def _(_: Path, settings: dict[str, Any]) -> Any:
    """Whether a second credit is refused."""
    with machine(**settings) as on:
        commands = [Credit("a", name, "CASH", 1, BY) for name in ("i", "j")]
        answers = [on.answer(on.ask(on.dispatcher.ask(each))) for each in commands]
        return isinstance(answers[-1], Refusal)


@wired("purchases_in_memory", 1, seen=True, by_default=False)
def _(_: Path, settings: dict[str, Any]) -> Any:
    """Whether some of many young purchases leave memory."""
    with patch.object(idempotency, "PAGE_ENTRIES", 2), machine(**settings) as on:
        for number in range(5):
            buy(on, str(number))
        return has_archived(on)


@wired("closed_in_memory_hours", 0.5, seen=True, by_default=False)
def _(_: Path, settings: dict[str, Any]) -> Any:
    """Whether a purchase leaves memory after an hour."""
    with machine(**settings) as on:
        buy(on, "i")
        on.let_pass(3600 * 10**9)
        return has_archived(on)


def has_archived(on: Machine) -> bool:
    """Whether anything leaves memory."""
    on.running.around.crowded("a")
    on.answer(on.ask(on.running.archiving.work()))
    return on.archive.has_any


@wired("wallet_by_mcc", {"5411": "MEAL", "5412": "FOOD"}, seen="MEAL", by_default="FOOD")
def _(_: Path, settings: dict[str, Any]) -> Any:
    with machine(**settings) as on:
        buy(on)
        return spent(on)


@wired("fallback_wallet", "MEAL", seen="MEAL", by_default="CASH")
def _(_: Path, settings: dict[str, Any]) -> Any:
    with machine(**settings) as on:
        buy(on, mcc="7995")
        return spent(on)


@wired("fallback_of", {"FOOD": "MEAL"}, seen="MEAL", by_default="CASH")
def _(_: Path, settings: dict[str, Any]) -> Any:
    with machine(**settings) as on:
        for _number in range(101):
            buy(on)
        (emptied,) = [name for name, cents in balances(on).items() if cents == 0]
        assert emptied == "FOOD"
        (second,) = [name for name, cents in balances(on).items() if cents == 99_00]
        return second


@wired("wallet_by_product", {"01": "MEAL"}, seen="merchant_not_eligible", by_default="approved")
def _(_: Path, settings: dict[str, Any]) -> Any:
    with machine(**settings) as on:
        command = purchase_now(on)._replace(product="01")
        return on.answer(on.authorize(command)).reason.name_on_wire


@wired("preset", "pat-br", seen="insufficient_funds", by_default="approved")
def _(_: Path, settings: dict[str, Any]) -> Any:
    """A meal that CASH would pay for."""
    with machine(**settings) as on:
        for _number in range(100):
            buy(on, mcc="5812")
        return buy(on, mcc="5812").reason.name_on_wire


@wired("hold_hours", {"5812": 5}, seen=5, by_default=168)
def _(_: Path, settings: dict[str, Any]) -> Any:
    with machine(**settings) as on:
        held = hold_now(on)
        assert held.expires_at_us is not None
        return (held.expires_at_us - held.created_at_us) / HOUR_US


@wired("over_capture_percent", {"5800-5899": 20}, seen=12_00, by_default=None)
def _(_: Path, settings: dict[str, Any]) -> Any:
    """What a capture of more than is held takes."""
    with machine(**settings) as on:
        hold_now(on)
        return captured(on, 12_00)


@wired("late_capture_days", 0, seen=None, by_default=10_00)
def _(_: Path, settings: dict[str, Any]) -> Any:
    """What a capture takes after the hold was let go."""
    with machine(**settings) as on:
        hold_now(on)
        on.answer(on.ask(on.dispatcher.ask(Reverse("a", "h", "r", None, None, BY))))
        return captured(on, None)


@wired("max_inbox", 1, seen=[Reason.APPROVED, Reason.OVERLOADED], by_default=[Reason.APPROVED] * 2)
def _(_: Path, settings: dict[str, Any]) -> Any:
    with machine(**settings) as on:
        tasks = on.authorize_together([purchase_now(on), purchase_now(on)])
        return [on.answer(task).reason for task in tasks]


@wired("max_resident_accounts", 1, seen=1, by_default=2)
def _(_: Path, settings: dict[str, Any]) -> Any:
    with machine(**settings) as on:
        on.answer(on.ask(on.dispatcher.ask(OpenAccount("b", {}, None, BY))))
        return on.dispatcher.accounts.resident


# --- clocks --------------------------------------------------------------------------------------


@wired("clock_jump_seconds", 10, seen=ClockState.AHEAD, by_default=ClockState.AGREES)
def _(_: Path, settings: dict[str, Any]) -> Any:
    with machine(**settings) as on:
        on.wall_us += 30_000_000
        return on.running.clock.state()


@wired("clock_gap_hours", 1, seen=ClockState.AHEAD, by_default=ClockState.AGREES)
def _(_: Path, settings: dict[str, Any]) -> Any:
    with machine(**settings) as on:
        on.stop()
        on.wall_us += 2 * HOUR_US
        on.start()
        return on.running.clock.state()


# --- the journal and the snapshots ---------------------------------------------------------------


@wired("segment_mib", 1, seen=2, by_default=1)
def _(folder: Path, settings: dict[str, Any]) -> Any:
    """A journal of more than a MiB goes on in the same segment, or in a new one."""
    events = [
        AccountOpened(1, BY, f"{LONG_ID}{number}", {}, None) for number in range(MIB_OF_ACCOUNTS)
    ]
    write_events(folder, *events)

    async def job() -> None:
        disk = LocalDisk(folder)
        given = load_settings(data=folder, **settings)
        world = real_world(given, disk, _not_expected)
        async with run(given, world, recover_with_summary(world, given)) as running:
            await running.actors.dispatcher.ask(OpenAccount("a", {}, None, BY))

    asyncio.run(job())
    return len(journal_files(folder))


@wired("journal_sync", "thread", seen="thread", by_default="aio")
def _(folder: Path, settings: dict[str, Any]) -> Any:
    async def job() -> str:
        given = load_settings(data=folder, **settings)
        world = real_world(given, LocalDisk(folder), _not_expected)
        async with run(given, world, recover_with_summary(world, given)) as running:
            return running.journal.synced_by

    return asyncio.run(job())


@wired("disk_reserve_mib", 1, seen=True, by_default=False)
def _(_: Path, settings: dict[str, Any]) -> Any:
    """Less than the default is free, and more than a MiB."""
    with machine(**settings) as on:
        on.running.around.disk_room.look(64 << 20, now_s=1.0)
        return on.answer(on.authorize(purchase_now(on))).reason is Reason.APPROVED


@wired("end_on_damage", False, seen=[], by_default=["ended"])
def _(folder: Path, settings: dict[str, Any]) -> Any:
    """Old segments that should be there are not."""
    recovered: Any = SimpleNamespace(unread=Unread(1, bytes(32), 0))
    ended: list[str] = []
    given = load_settings(data=folder, **settings)
    checked = old_segments_of(given, recovered, lambda: ended.append("ended"))
    with patch.object(old_segments, "START_SECONDS", 0):
        asyncio.run(checked.check())
    assert checked.state()["state"] == "damaged"
    assert checked.has_ended == bool(ended)
    return ended


def _not_expected(error: BaseException) -> None:
    raise error


@wired("snapshot_mib", 1, seen=True, by_default=False)
def _(_: Path, settings: dict[str, Any]) -> Any:
    with machine(**settings) as on:
        assert not on.running.snapshots.due()
        for number in range(MIB_OF_ACCOUNTS):
            on.ask(on.dispatcher.ask(OpenAccount(f"{LONG_ID}{number}", {}, None, BY)))
        on.commit()
        return on.running.snapshots.due()


@wired("snapshot_minutes", 1, seen=True, by_default=False)
def _(_: Path, settings: dict[str, Any]) -> Any:
    with machine(**settings) as on:
        assert not on.running.snapshots.due()
        on.seconds += 70
        return on.running.snapshots.due()


@wired("snapshots_kept", 2, seen=2, by_default=3)
def _(_: Path, settings: dict[str, Any]) -> Any:
    with machine(**settings) as on:
        for _number in range(4):
            buy(on)
            on.take_snapshot()
        return len(on.memory.names("snapshots"))


# --- who is let in -------------------------------------------------------------------------------


@wired("host", "127.0.0.2", seen="127.0.0.2", by_default="127.0.0.1")
def _(_: Path, settings: dict[str, Any]) -> Any:
    with _bind(load_settings(port=0, **settings)) as bound:
        return bound.getsockname()[0]


# --- the rates of a key, by a clock that stands still --------------------------------------------


def admitted(folder: Path, settings: dict[str, Any]) -> tuple[int, int]:
    """How many of many requests are let in at once, and how many a second later."""
    disk, credential, now_ns = LocalDisk(folder), new_credential(), [0]
    with changing(disk):
        key = ApiKey(credential.key_id, Role.AUDITOR, "", credential.digest, 0, None, None)
        write_keys(disk, [key])
    clock = SimpleNamespace(wall_us=lambda: 0, monotonic_ns=lambda: now_ns[0])
    running: Any = SimpleNamespace(clock=clock)
    metrics = Metrics(PurchaseCounts())
    access = access_for(load_settings(**settings), running, KeyFile(disk), metrics)
    headers = [(b"authorization", f"Bearer {credential}".encode())]

    def count() -> int:
        answers = [access.admit(headers, frozenset(Role)) for _ in range(2000)]
        return sum(not isinstance(answer, Denied) for answer in answers)

    at_once = count()
    now_ns[0] += 1_000_000_000
    return at_once, count()


@wired("rate_limit_per_second", 7, seen=7, by_default=200)
def _(folder: Path, settings: dict[str, Any]) -> Any:
    return admitted(folder, settings)[1]


@wired("rate_limit_burst", 300, seen=300, by_default=1000)
def _(folder: Path, settings: dict[str, Any]) -> Any:
    return admitted(folder, settings)[0]


# --- what the reports' process is told -----------------------------------------------------------

TELLS_ALL: Final = """
import json, os, sys
for line in sys.stdin:
    said = json.loads(line)
    if "query" in said:
        url = os.environ.get("AUTHORIZER_REPORTS_URL")
        settings = [name for name in os.environ if name.startswith("AUTHORIZER_")]
        result = {"flags": sys.argv[1:], "url": url, "settings": settings}
        result["timeout_ms"] = said["timeout_ms"]
        print(json.dumps({"id": said["id"], "result": result}), flush=True)
"""


def told(folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """What the server tells the reports' process; a program in its place repeats it."""
    program = folder / "program"
    program.write_text(f"#!{sys.executable}\n{TELLS_ALL}")
    program.chmod(stat.S_IRWXU)
    running: Any = SimpleNamespace(commit=SimpleNamespace(durable=0))

    async def ask() -> Any:
        given = load_settings(**settings)
        metrics = Metrics(PurchaseCounts())
        async with reports_process(given, running, metrics).at_work() as reports:
            return await reports.query("all")

    with patch.object(sys, "executable", str(program)):
        answer: dict[str, Any] = asyncio.run(ask())
    flags = iter(answer.pop("flags")[4:])
    return answer | dict(zip(flags, flags, strict=True))


@wired("reports", False, seen="reports are switched off on this server", by_default="at work")
def _(folder: Path, settings: dict[str, Any]) -> Any:
    try:
        told(folder, settings)
    except ReportsUnavailableError as error:
        return str(error)
    return "at work"


@wired("reports_wait_ms", 1234, seen=1234, by_default=3000)
def _(folder: Path, settings: dict[str, Any]) -> Any:
    return told(folder, settings)["timeout_ms"]


@wired("archived", "/cold", seen="/cold", by_default=None)
def _(folder: Path, settings: dict[str, Any]) -> Any:
    """Commands that read from the beginning find the segments there too (tests/cli)."""
    return told(folder, settings).get("--archived")


@wired("business_time_zone", "Asia/Tokyo", seen="Asia/Tokyo", by_default="America/Sao_Paulo")
def _(folder: Path, settings: dict[str, Any]) -> Any:
    """The old name of `time_zone`, whose effect a real server shows."""
    hours = load_settings(**settings).desk_hours
    assert hours.time_zone == told(folder, settings)["--time-zone"]
    return hours.time_zone
