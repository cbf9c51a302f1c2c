"""The whole load test: ``python -m loadtest.run``; exit status 0 if it passes, else 1.

It starts a server on a fresh data folder and a free loopback port, runs each load shape with
Locust, headless, and then compares every wallet (available, held, ledger, owed) with what the
answers said, and the sums over all accounts with what was put in and spent. Then it goes on
with plain purchases and with whole lives, kills the server with kill -9 in the middle of that,
restarts it on the same folder, asks again for what got no answer, and compares every wallet again.

It passes if every answer was right (to a purchase HTTP 200, one of the three bodies byte for byte,
and the code that the account's history explains; to an operation of a purchase's life the status,
the reason and every figure of the document that it explains), none was lost, the 99th percentile
and the slowest answer of every shape stayed under 100 ms, and the wallets held exactly what the
answers said, both times.

Server and load generator share one machine, two cores on a small one, so the load is chosen for
the generator's sake: Locust's FastHttpUser needs about half a millisecond of processor time for a
request and does one thing at a time, so near 2,000 requests/s it would measure its own queue. The
default shapes make 500 to 1,000 requests/s at their highest, from users that wait random times and
open their connections in bounded steps, which keeps the generator at about half a core. How fast
the server can go is what the benchmarks measure. The table shows the generator's share of a core
and its longest stall, the time by which it missed its own clock: a slow answer that comes with a
stall as long is the generator's.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import rmtree

from loadtest.books import Figures, differences, sum_differences
from loadtest.client import UnexpectedAnswerError, wallets_cents
from loadtest.interrupted import InterruptedClients, Interruption
from loadtest.load_run import LoadRun
from loadtest.model import APPROVED, DECLINED, INSUFFICIENT_FUNDS
from loadtest.recorder import Ledger, expected_of
from loadtest.shapes import LIFE, SHAPES, STEADY
from tests.support.client import Client
from tests.support.server import PROJECT, Server, ServerEnded, environment, python, running

LATENCY_LIMIT_MS = 100.0
INTERRUPTED_CLIENTS = 8
LOCUST_GRACE_S = 120.0
LOG_TAIL_LINES = 20


class LoadFailedError(Exception):
    """Locust did not get to the end; the message has the tail of its output."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the load test; the exit status."""
    options = parse(arguments)
    folder = Path(tempfile.mkdtemp(prefix="loadtest-"))
    try:
        problems = load(options, folder)
    except (ServerEnded, LoadFailedError, UnexpectedAnswerError) as error:
        problems = [str(error)]
    for problem in problems:
        print(f"  - {problem}")
    print("FAILED" if problems else "PASSED")
    if problems:
        print(f"data folder and logs are kept in {folder}")
    else:
        rmtree(folder)
    return 1 if problems else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.run", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--shape", choices=[*SHAPES, "all"], default="all")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each shape")
    parser.add_argument("--users", type=int, help="users at the highest moment of each shape")
    parser.add_argument("--accounts", type=int, default=500, help="accounts of each shape")
    return parser.parse_args(arguments)


def load(options: argparse.Namespace, folder: Path) -> list[str]:
    """Run everything in ``folder`` and print the figures; what is wrong."""
    shapes = SHAPES if options.shape == "all" else [options.shape]
    with running(folder, "--log-level", "warning") as server:
        ledgers = [run_shape(shape, options, server, folder) for shape in shapes]
        print_ledgers(ledgers)
        expected = {a: cents for entry in ledgers for a, cents in entry.expected_cents.items()}
        problems = [problem for entry in ledgers for problem in ledger_problems(entry)]
        problems += audit(server.client, ledgers, expected, "before kill -9")
        interruption, interrupted_cents = interrupt(server)
        problems += interruption.problems
        expected |= interrupted_cents
        problems += audit(server.client, ledgers, expected, "after kill -9")
        print_interruption(interruption, len(expected))
        if status := server.stop():
            problems.append(f"the server ended with status {status}: {server.log()}")
    return problems


def run_shape(shape: str, options: argparse.Namespace, server: Server, folder: Path) -> Ledger:
    """Run one shape in a Locust process of its own; what it wrote down."""
    print(f"{shape}: {options.seconds:g} s ...", flush=True)
    ledger_path = folder / f"{shape}.json"
    output_path = folder / f"{shape}.log"
    command = [python(), "-m", "locust", "--locustfile", "loadtest/locustfile.py"]
    command += ["--headless", "--only-summary", "--loglevel", "WARNING", "--stop-timeout", "10"]
    command += [
        "--host",
        f"http://127.0.0.1:{server.port}",
        "--load-shape",
        shape,
        "--load-ledger",
        str(ledger_path),
    ]
    command += ["--load-seconds", str(options.seconds), "--load-accounts", str(options.accounts)]
    if options.users:
        command += ["--users", str(options.users)]
    with output_path.open("wb") as output:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=PROJECT,
            env=environment(),
            timeout=options.seconds + LOCUST_GRACE_S,
            check=False,
        )
    if not ledger_path.exists():
        tail = output_path.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        raise LoadFailedError("\n".join([f"{shape}: Locust failed; the end of its output:", *tail]))
    return Ledger.read(ledger_path)


def ledger_problems(ledger: Ledger) -> list[str]:
    """What is wrong with the answers of one shape."""
    problems = list(ledger.problems)
    if ledger.requests == 0:
        problems.append("no request was made")
    if ledger.wrong or ledger.lost:
        problems.append(f"{ledger.wrong} wrong and {ledger.lost} lost answers")
    if ledger.unsettled:
        problems.append(f"{ledger.unsettled} purchases whose outcome is not known")
    for name, value_ms in (("p99", ledger.p99_ms), ("the slowest", ledger.max_ms)):
        if value_ms >= LATENCY_LIMIT_MS:
            problems.append(
                f"{name} took {value_ms:.1f} ms, the limit is {LATENCY_LIMIT_MS:g} ms "
                f"(longest stall of the generator itself: {ledger.generator_stall_ms:.1f} ms)"
            )
    return [f"{ledger.shape}: {problem}" for problem in problems]


def audit(
    client: Client,
    ledgers: Sequence[Ledger],
    expected_cents: Mapping[str, Mapping[str, Figures]],
    moment: str,
) -> list[str]:
    """The accounts, and the shapes' sums, that are not what the answers say, to the centavo."""
    found_cents = {account: wallets_cents(client, account) for account in expected_cents}
    problems = differences(expected_cents, found_cents)
    for ledger in ledgers:
        found = {account: found_cents[account] for account in ledger.expected_cents}
        sums = sum_differences(ledger.sums_cents, found)
        problems += [f"{ledger.shape}: {problem}" for problem in sums]
    return [f"{moment}: {problem}" for problem in problems]


def interrupt(server: Server) -> tuple[Interruption, dict[str, dict[str, Figures]]]:
    """Kill the server under load and restart it; what happened, and what the wallets must hold."""
    runs = [
        LoadRun(shape, INTERRUPTED_CLIENTS, seconds=60, accounts=INTERRUPTED_CLIENTS)
        for shape in (STEADY, LIFE)
    ]
    for run in runs:
        run.open_accounts(server.client)
    clients = InterruptedClients(*runs)
    clients.buy_until(server.kill, server.client)
    server.start()
    interruption = clients.settle(server.client)
    return interruption, {model.account: expected_of(model) for run in runs for model in run.models}


def print_ledgers(ledgers: Sequence[Ledger]) -> None:
    """One line a shape, then what was approved from each wallet."""
    codes = (APPROVED, INSUFFICIENT_FUNDS, DECLINED)
    headings = ["req/s", "answers", "p50 ms", "p99 ms", "max ms", *codes, "wrong", "lost"]
    print("\n" + "".join(f"{h:>9}" for h in ["shape", *headings]) + "  generator: core   stall")
    for entry in ledgers:
        cells = [entry.shape, f"{entry.requests / entry.elapsed_s:,.0f}", f"{entry.requests:,}"]
        cells += [f"{ms:.1f}" for ms in (entry.p50_ms, entry.p99_ms, entry.max_ms)]
        cells += [f"{entry.codes.get(code, 0):,}" for code in codes]
        cells += [f"{entry.wrong:,}", f"{entry.lost:,}"]
        generator = f"{entry.generator_cpu_percent:.0f} %{entry.generator_stall_ms:>5.0f} ms"
        print("".join(f"{cell:>9}" for cell in cells) + f"{generator:>25}")
    print("\napproved, in reais:")
    for entry in ledgers:
        sums = "  ".join(f"{w} {c / 100:>13,.2f}" for w, c in entry.approved_cents.items())
        print(f"{entry.shape:>9}  {sums}")
        if entry.operations:
            print_life(entry)


def print_life(entry: Ledger) -> None:
    """What became of a shape's operations, and of its money."""
    for name in ("put in", "given back"):
        sums = (f"{w} {cents[name] / 100:>13,.2f}" for w, cents in entry.sums_cents.items())
        print(f"{name:>11}  {'  '.join(sums)}")
    for figure in ("available", "held", "owed"):
        cents = {
            wallet: sum(wallets[wallet][figure] for wallets in entry.expected_cents.values())
            for wallet in entry.sums_cents
        }
        print(f"{figure:>11}  {'  '.join(f'{w} {c / 100:>13,.2f}' for w, c in cents.items())}")
    print(f"  operations: {', '.join(f'{what} {n:,}' for what, n in entry.operations.items())}")


def print_interruption(interruption: Interruption, accounts: int) -> None:
    """What the kill -9 met."""
    print(
        f"\nkill -9 after {interruption.answered:,} more answers, with {interruption.in_flight} "
        f"requests in flight, {interruption.in_flight_approved} of them taken in the end;\n"
        f"the wallets of {accounts:,} accounts were compared with the answers before and after."
    )


if __name__ == "__main__":
    sys.exit(main())
