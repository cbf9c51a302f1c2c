"""Locust users and load shapes for the authorizer.

``locust -f loadtest/locustfile.py --host http://127.0.0.1:PORT --load-shape steady`` loads a
running server from Locust's own page; ``loadtest/run.py`` is the whole test.

Shapes:

- ``steady``: the same number of users all the time, each on accounts of its own.
- ``spike``: four times the usual users for the middle of the run.
- ``hot``: all users buy with one account, whose money ends halfway through.
- ``life``: purchases of one message, holds, increments, captures, forced ones too, reversals,
  refunds and credits on accounts of which two in three have limits.

One request in ten is not a new purchase: an earlier one sent again (same id, same fields), an
earlier id with another amount, an account that does not exist, or an amount of zero. Every
purchase carries an id. One whose answer was lost takes its account out of use, and is asked again
with the same id when the load has ended.
"""

import gc
import random
import sys
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
from locust import FastHttpUser, LoadTestShape, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.event import EventHook

from loadtest.client import HEADERS, UnexpectedAnswerError, document_of
from loadtest.life_account import LifeAccount
from loadtest.life_answers import CREATED
from loadtest.life_messages import Operation
from loadtest.load_run import LoadRun, random_amount_cents
from loadtest.merchants import MERCHANTS
from loadtest.model import CODE_BY_BODY, DECLINED, Purchase, transaction_body
from loadtest.recorder import Recorder
from loadtest.shapes import (
    PURCHASES_PER_USER_S,
    SHAPES,
    SPAWNED_PER_S,
    STEADY,
    USERS,
    stages,
    users_at,
)
from tests.support.client import Client

UNKNOWN_ACCOUNT = "9"
GENERATOR_CLOCK_S = 0.005
HOST = "127.0.0.1"
ANSWER_DEADLINE_S = 5.0
KEPT_BODY_BYTES = 200

runs: dict[Environment, LoadRun] = {}
"""The run of each Locust environment; Locust makes the users, and this is where they find it."""


class Cardholder(FastHttpUser):
    """A client that buys with its accounts and knows what each answer has to be."""

    network_timeout = ANSWER_DEADLINE_S
    connection_timeout = ANSWER_DEADLINE_S

    def wait_time(self) -> float:
        """Exponentially distributed seconds between two requests."""
        return random.expovariate(PURCHASES_PER_USER_S[self.load.shape])

    def on_start(self) -> None:
        """Take accounts, and start at a random moment so that users are not in step."""
        self.load = runs[self.environment]
        self.models = self.load.take_models()
        gevent.sleep(self.wait_time())

    def on_stop(self) -> None:
        """Leave the accounts to the next user."""
        self.load.give_back(self.models)

    @task(90)
    def buy(self) -> None:
        """A new purchase; in the life shape whatever comes next on the account."""
        model = random.choice(self.models)
        if not model.may_send():
            return
        purchase = self.load.next_of(model)
        if isinstance(purchase, Operation):
            assert isinstance(model, LifeAccount)
            self.operate(model, purchase)
            return
        model.send(purchase)
        self.post("purchase", purchase.body(), lambda code: model.settle(purchase, code))

    @task(4)
    def repeat(self) -> None:
        """An earlier purchase again, perhaps while its first copy is still in flight."""
        model = random.choice(self.models)
        if model.recent:
            purchase = random.choice(model.recent)
            self.post("repetition", purchase.body(), lambda code: model.settle(purchase, code))

    @task(2)
    def reuse_id(self) -> None:
        """The id of an answered purchase with another amount: declined, nothing moves."""
        model = random.choice(self.models)
        answered = [purchase for purchase in model.recent if purchase.code is not None]
        if answered:
            self.expect_decline("reused id", other_amount(random.choice(answered)))

    @task(2)
    def unknown_account(self) -> None:
        """An account that does not exist."""
        merchant = random.choice(MERCHANTS)
        body = transaction_body("unknown", UNKNOWN_ACCOUNT, random_amount_cents(), merchant)
        self.expect_decline("unknown account", body)

    @task(2)
    def zero_amount(self) -> None:
        """A purchase of nothing."""
        account = random.choice(self.models).account
        body = transaction_body("zero", account, 0, random.choice(MERCHANTS))
        self.expect_decline("zero amount", body)

    def expect_decline(self, name: str, body: str) -> None:
        """Post what must be answered 07."""
        self.post(name, body, lambda code: None if code == DECLINED else f"{code} for {body}")

    def operate(self, model: LifeAccount, operation: Operation) -> None:
        """Post an operation, whose document the account judges."""
        recorder, body = self.load.recorder, operation.body()
        model.send_operation(operation)
        with self.client.post(
            operation.path(), data=body, name=operation.kind, headers=HEADERS, catch_response=True
        ) as response:
            status = response.status_code
            if status == 0:
                lost = f"no answer to {body}: {response.error!r}"
                recorder.lost(lost)
                response.failure(lost)
                return
            document = document_of(response.content or b"")
            recorder.operation(f"{operation.kind} {outcome_of(status, document)}")
            problem = model.settle_operation(operation, status, document)
            if problem:
                recorder.wrong(problem)
                response.failure(problem)
            else:
                response.success()

    def post(self, name: str, body: str, judge: Callable[[str], str | None]) -> None:
        """Post a transaction; ``judge`` takes its code and says what is wrong with it, or None."""
        recorder = self.load.recorder
        with self.client.post(
            "/transactions", data=body, name=name, headers=HEADERS, catch_response=True
        ) as response:
            if response.status_code == 0:
                lost = f"no answer to {body}: {response.error!r}"
                recorder.lost(lost)
                response.failure(lost)
                return
            content = response.content or b""
            code = CODE_BY_BODY.get(content) if response.status_code == 200 else None
            problem: str | None
            if code is None:
                problem = f"{response.status_code} {content[:KEPT_BODY_BYTES]!r} for {body}"
            else:
                recorder.code(code)
                problem = judge(code)
            if problem:
                reason = (response.headers or {}).get("Authorizer-Reason")
                recorder.wrong(f"{problem} ({reason})")
                response.failure(problem)


def outcome_of(status: int, document: dict[str, Any]) -> str:
    """What came of an operation: approved or declined, else the status."""
    if status != CREATED or "operations" not in document:
        return str(status)
    operations = document["operations"]
    return str(operations[-1].get("code")) if operations else str(status)


def other_amount(purchase: Purchase) -> str:
    """The body of a purchase with one centavo more."""
    return transaction_body(
        purchase.id, purchase.account, purchase.amount_cents + 1, purchase.merchant
    )


def listen(hook: EventHook, listener: Callable[..., None]) -> None:
    """Register a listener with one of Locust's events, which have no type annotations."""
    hook.add_listener(listener)  # type: ignore[no-untyped-call]


class PlannedShape(LoadTestShape):
    """Follows the stages of ``--load-shape``, with ``--users`` at its highest moment."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        """Users wanted now, or None at the end."""
        assert self.runner is not None
        run = runs[self.runner.environment]
        users = users_at(
            stages(run.shape, run.users, run.seconds), time.perf_counter() - self.start_time
        )
        return None if users is None else (users, SPAWNED_PER_S)


def add_options(parser: LocustArgumentParser) -> None:
    """Options of the load next to Locust's own."""
    group = parser.add_argument_group("authorizer load")
    group.add_argument("--load-shape", choices=SHAPES, default=STEADY)
    group.add_argument("--load-seconds", type=float, default=20.0, help="length of the shape")
    group.add_argument("--load-accounts", type=int, default=500, help="accounts to buy with")
    group.add_argument("--load-ledger", type=Path, help="file to write the outcome to, as JSON")


def prepare(environment: Environment, **_: Any) -> None:
    """Open the accounts, and measure from then on."""
    options = environment.parsed_options
    assert options is not None
    run = LoadRun(
        shape=options.load_shape,
        users=options.num_users or USERS[options.load_shape],
        seconds=options.load_seconds,
        accounts=options.load_accounts,
    )
    try:
        run.open_accounts(client_of(options.host))
    except (OSError, HTTPException, UnexpectedAnswerError) as error:
        sys.exit(f"cannot prepare {options.host}: {error!r}")
    runs[environment] = run
    listen(
        environment.events.request, lambda response_time, **_: run.recorder.answered(response_time)
    )


def watch_generator(environment: Environment, **_: Any) -> None:
    """Keep the generator's own pauses short, and measure what is left of them."""
    gc.collect()
    gc.freeze()
    recorder = runs[environment].recorder
    recorder.start()
    gevent.spawn(watch_clock, recorder)


def watch_clock(recorder: Recorder) -> None:
    """Record by how much the generator misses its own clock at worst."""
    while True:
        before_s = time.perf_counter()
        gevent.sleep(GENERATOR_CLOCK_S)
        late_s = time.perf_counter() - before_s - GENERATOR_CLOCK_S
        recorder.generator_stall_ms = max(recorder.generator_stall_ms, late_s * 1000)


def hand_over(environment: Environment, **_: Any) -> None:
    """Settle what was lost and write the ledger."""
    options = environment.parsed_options
    assert options is not None
    run = runs[environment]
    run.recorder.stop()
    try:
        run.settle_lost(client_of(options.host))
    except (OSError, HTTPException, UnexpectedAnswerError) as error:
        run.recorder.wrong(f"a lost purchase could not be asked again: {error!r}")
    if options.load_ledger:
        run.ledger().write(options.load_ledger)


def client_of(host: str) -> Client:
    """A plain client for a base address like ``http://127.0.0.1:8080``."""
    address = urlsplit(host)
    return Client(address.port or 80, address.hostname or HOST)


listen(events.init_command_line_parser, add_options)
listen(events.init, prepare)
listen(events.test_start, watch_generator)
listen(events.quitting, hand_over)
