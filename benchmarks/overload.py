"""overload: what becomes of purchases when more come than can be decided.

The server has the first processor core and the generator the second, if there are two. What the
server can do is found out first, in a closed loop. Then purchases come at fixed times, whatever the
server does, over 4,000 connections with one request at a time each: a part of what it can do, with
one stall; twice and five times as much. What could not be sent, because no connection was free, is
told apart. At the end the wallets must have lost one centavo for each approval.
"""

from pathlib import Path
from typing import Final

from benchmarks import books, cores, open_loop, servers, wrk
from benchmarks.open_loop import APPROVED, OVERLOADED, TOO_LATE, Generator, Load, Stall
from benchmarks.report import Figure, at_least, below
from loadtest.client import register_merchants

NAME: Final = "overload"
ACCOUNTS: Final = 1000
CONNECTIONS: Final = 4000
CLOSED_CONNECTIONS: Final = 64
"""As many as in ``http``: enough to keep the server at work."""
WARM_UP_PER_SECOND: Final = 2000
LIGHT: Final = 0.7
STALL: Final = Stall(at_s=2.0, length_s=0.3)
LATE_TARGET: Final = 0.01
APPROVED_TARGET: Final = 0.8
NORMAL_TARGET_S: Final = 1.0


def measure(folder: Path, *, seconds: int) -> list[Figure]:
    """Find the capacity, then load for ``seconds`` each: below it with a stall, and beyond it."""
    program = open_loop.build(folder)
    with servers.authorizer(folder / "authorizer") as server:
        pid = server.process.pid
        cores.pin(pid, cores.SERVER)
        register_merchants(server.client)
        for number in range(ACCOUNTS):
            opening = {name: f"{cents // 100}.00" for name, cents in wrk.OPENING_CENTS.items()}
            server.client.open_account(str(wrk.FIRST_ACCOUNT + number), **opening)
        generator = Generator(program, server.port, pid, ACCOUNTS, cores.LOAD[0])
        generator.run(CONNECTIONS, WARM_UP_PER_SECOND, CONNECTIONS / WARM_UP_PER_SECOND)
        closed = generator.run(CLOSED_CONNECTIONS, 0, seconds)
        capacity = closed.approved_per_second
        print(f"  capacity {capacity:,.0f}/s", flush=True)
        figures = [Figure(NAME, f"capacity, {CLOSED_CONNECTIONS} connections", capacity, "1/s")]
        stalled = generator.run(CONNECTIONS, LIGHT * capacity, seconds, STALL)
        figures += shown(f"{LIGHT:g} x, one stall", stalled, capacity)
        normal_s = stalled.seconds_to_normal(STALL.end_ns)
        what = f"{LIGHT:g} x: normal after a stall of {STALL.length_s * 1000:.0f} ms"
        figures += [below(NAME, what, normal_s, "s", NORMAL_TARGET_S)]
        for factor in (2, 5):
            load = generator.run(CONNECTIONS, factor * capacity, seconds)
            figures += shown(f"{factor} x", load, capacity)
            figures += judged(f"{factor} x", load, capacity, throughput=factor == 2)
        books.check_wallets(server, ACCOUNTS)
    return figures


def shown(name: str, load: Load, capacity: float) -> list[Figure]:
    """What a load was and did."""
    rows = [
        ("due", load.due_per_second, "1/s"),
        ("not sent, no connection free", load.not_sent_share * 100, "%"),
        ("approved", load.approved_per_second, "1/s"),
        ("declined", load.declined_per_second, "1/s"),
        ("approvals: p50", load.percentile_ms(50, APPROVED), "ms"),
        ("approvals: p99.9", load.percentile_ms(99.9, APPROVED), "ms"),
        ("declines: p50", load.percentile_ms(50, OVERLOADED, TOO_LATE), "ms"),
        ("declines: p99", load.percentile_ms(99, OVERLOADED, TOO_LATE), "ms"),
    ]
    print(
        f"  {name}: approved {load.approved_per_second / capacity:.2f} of capacity, "
        f"{load.late_share():.3%} of them late",
        flush=True,
    )
    return [Figure(NAME, f"{name}: {what}", value, unit) for what, value, unit in rows]


def judged(name: str, load: Load, capacity: float, *, throughput: bool) -> list[Figure]:
    """What is promised of a load beyond the capacity."""
    written, due = load.late_share("written_ns") * 100, load.late_share("due_ns") * 100
    figures = [
        below(NAME, f"{name}: approvals over 100 ms", written, "%", LATE_TARGET * 100),
        Figure(NAME, f"{name}: the same, since they were due", due, "%"),
    ]
    if throughput:
        share = load.approved_per_second / capacity
        what = f"{name}: approvals / capacity"
        figures += [at_least(NAME, what, share, "", APPROVED_TARGET)]
    return figures
