#!/usr/bin/env python3
"""Replay the conformance scenarios against a server, then kill it and check what it remembers.

Standard library only. From the project's root:

    python tests/conformance/run.py                      starts a server on a free port
    python tests/conformance/run.py --server 'CMD {port} {data}'
    python tests/conformance/run.py --base-url http://127.0.0.1:8080    (no kill -9 check)
    python tests/conformance/run.py --only L2- --verbose

One server serves all scenarios: each has accounts of its own, and its merchant overrides are put
before it and removed after it. Exit status: 0 all hold, 1 some fall short.
"""

from __future__ import annotations

import argparse
import secrets
import shlex
import sys
import tempfile
from collections.abc import Callable, Sequence
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.conformance.life_steps import LifeScenario
from tests.conformance.lifecycle import (
    answers_changed_by_kill,
    killed_and_started,
    life,
    load_lives,
    restarts,
)
from tests.conformance.scenarios import CASES, Scenario, load_cases
from tests.support.client import Client
from tests.support.documents import Document
from tests.support.server import Server


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for and give the exit status."""
    options = parse(arguments)
    cases = load_cases(options.cases, options.only)
    if options.base_url:
        port = loopback_port(options.base_url)
        ended = outcomes(cases, port, options)
        return report([*ended, *lives(lambda: Client(port), None, options)])
    with tempfile.TemporaryDirectory(prefix="authorizer-conformance-") as folder:
        server = Server(Path(folder), command=options.server and shlex.split(options.server))
        try:
            status = replay_and_kill(server.start(), cases, options)
            if status:
                print(f"the end of the server's log:\n{server.log()}")
            return status
        finally:
            server.end()


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=Path, default=CASES, help="the file with the scenarios")
    parser.add_argument(
        "--server", help="command line that starts a server, {port} {data} filled in"
    )
    parser.add_argument("--base-url", help="a server on 127.0.0.1 that runs already")
    parser.add_argument("--transactions-path", default="/transactions")
    parser.add_argument("--only", default="", help="run scenarios whose id starts so")
    parser.add_argument("--untimed", action="store_true", help="do not look at response times")
    parser.add_argument("--verbose", action="store_true", help="name the scenarios that hold, too")
    return parser.parse_args(arguments)


def loopback_port(url: str) -> int:
    """The port of a server on this machine; SystemExit for any other."""
    parts = urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost"):
        raise SystemExit(f"{url} is not on this machine: the scenarios open accounts and spend")
    return parts.port or 80


def outcomes(cases: Sequence[Document], port: int, options: argparse.Namespace) -> list[Scenario]:
    """Run all scenarios and print as they end; one that raises has failed."""
    run = secrets.token_hex(3)
    ended = []
    for index, case in enumerate(cases):
        scenario = Scenario(case, port, f"{run}-{index}-", timed=not options.untimed)
        try:
            scenario.run(options.transactions_path)
        except (AssertionError, OSError, ValueError, HTTPException) as error:
            scenario.failures.append(f"{case['id']}: {type(error).__name__}: {error}")
        ended.append(scenario)
        for line in scenario.failures[:3]:
            print(line)
        if options.verbose and not scenario.failures:
            print(f"{case['id']} ok")
    return ended


def replay_and_kill(server: Server, cases: Sequence[Document], options: argparse.Namespace) -> int:
    """Run all scenarios, kill -9, start again on the same folder, and compare every balance."""
    ended = outcomes(cases, server.port, options)
    if not server.running:
        print("the server did not survive the scenarios")
        return report(ended, True)
    accounts = [account for scenario in ended for account in scenario.accounts()]
    lost = accounts_lost_by_kill(server, accounts)
    if lost:
        print(f"after kill -9 {len(lost)} accounts differ: {lost[:3]}")
    lived = lives(lambda: server.client, lambda: killed_and_started(server), options)
    if not server.running:
        print("the server did not survive the lives of purchases")
        return report([*ended, *lived], bool(lost), True)
    changed = answers_changed_by_kill(server, lived)
    if changed:
        print(f"after kill -9 {len(changed)} answers differ: {changed[:3]}")
    return report([*ended, *lived], bool(lost), bool(changed))


def lives(
    client: Callable[[], Client], restart: Callable[[], None] | None, options: argparse.Namespace
) -> list[LifeScenario]:
    """Run the lives of purchases; without a `restart` those that kill the server are left out."""
    run = secrets.token_hex(3)
    ended = []
    for index, case in enumerate(load_lives(only=options.only)):
        if restart is None and restarts(case):
            continue
        scenario = life(case, client, restart or (lambda: None), f"{run}-v{index}-")
        try:
            scenario.run()
        except (AssertionError, OSError, ValueError, HTTPException) as error:
            scenario.failures.append(f"{case['id']}: {type(error).__name__}: {error}")
        ended.append(scenario)
        for line in scenario.failures[:3]:
            print(line)
        if options.verbose and not scenario.failures:
            print(f"{case['id']} ok")
    return ended


def accounts_lost_by_kill(server: Server, accounts: Sequence[str]) -> list[str]:
    """The accounts whose balances differ after a kill -9 and a start on the same folder."""
    before = balances(server.client, accounts)
    server.kill()
    after = balances(server.start().client, accounts)
    return [account for account in accounts if before[account] != after[account]]


def balances(client: Client, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
    """The wallets of every account."""
    return {account: client.balances(account) for account in accounts}


def report(ended: Sequence[Scenario | LifeScenario], *checks_failed: bool) -> int:
    """Print the summary line, over the scenarios and further checks, and give the exit status."""
    failed = sum(bool(scenario.failures) for scenario in ended) + sum(checks_failed)
    total = len(ended) + len(checks_failed)
    print(f"{total - failed} of {total} hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
