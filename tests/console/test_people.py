"""Who is let in: passwords, codes, lock-out, sessions."""

from __future__ import annotations

import asyncio
from typing import Any

import pyotp
import pytest

from authorizer.console.access.lock_out import FREE_TRIES, LockOut
from authorizer.console.access.passwords import (
    AT_ONCE,
    MAX_WAITING,
    NOBODY,
    Passwords,
    TooManyLogInsError,
    hasher,
)
from authorizer.console.access.people import LogIn, People
from authorizer.console.access.second_factor import (
    STEP_SECONDS,
    new_secret,
    pairing_address,
    pairing_picture,
    step_of_code,
)
from authorizer.console.access.sessions import (
    IDLE_NS,
    LONGEST_NS,
    MAX_REVEALED,
    MAX_SESSIONS,
    REVEALED_NS,
    Sessions,
)
from tests.support.people import HASH, PASSWORD, SECRET, person

SECOND_US = 1_000_000
SECOND_NS = 1_000_000_000
NOON_US = 1_790_000_000 * SECOND_US


class Time:
    """Both clocks."""

    def __init__(self) -> None:
        self.s = 0

    def ns(self) -> int:
        return self.s * SECOND_NS

    def us(self) -> int:
        return NOON_US + self.s * SECOND_US

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(SECRET).at(self.us() // SECOND_US + steps * STEP_SECONDS)


async def at_once(call: Any, *arguments: Any) -> Any:
    return call(*arguments)


class Fixture:
    """People, and the clocks by which they come in."""

    def __init__(self, *users: Any) -> None:
        self.time = Time()
        self.people = People(users, Passwords(at_once), LockOut(self.time.ns), self.time.us)

    def log_in(self, name: str, password: str, code: str) -> LogIn:
        return asyncio.run(self.people.log_in(name, password, code)).outcome


def test_name_password_and_code_let_in() -> None:
    house = Fixture(person("ana"))
    assert house.log_in(" Ana ", PASSWORD, house.time.code()) is LogIn.DONE


@pytest.mark.parametrize(
    ("name", "password", "steps"),
    [("ana", "another", 0), ("eva", PASSWORD, 0), ("ana", PASSWORD, 2), ("ana", PASSWORD, -2)],
)
def test_one_wrong_thing_is_enough(name: str, password: str, steps: int) -> None:
    house = Fixture(person("ana"))
    assert house.log_in(name, password, house.time.code(steps)) is LogIn.REFUSED


@pytest.mark.parametrize("code", ["", "abcdef", "12345", "٣٣٣٣٣٣"])
def test_what_is_no_code_is_none(code: str) -> None:
    assert Fixture(person("ana")).log_in("ana", PASSWORD, code) is LogIn.REFUSED


def test_a_code_is_good_once_and_no_older_one_after_it() -> None:
    house = Fixture(person("ana"), person("rui"))
    code, older = house.time.code(), house.time.code(-1)
    assert house.log_in("ana", PASSWORD, code) is LogIn.DONE
    assert house.log_in("ana", PASSWORD, code) is LogIn.REFUSED
    assert house.log_in("ana", PASSWORD, older) is LogIn.REFUSED
    assert house.log_in("ana", PASSWORD, house.time.code(1)) is LogIn.DONE
    assert house.log_in("rui", PASSWORD, code) is LogIn.DONE, "each has their own"


def test_who_is_disabled_or_came_too_late_is_not_let_in() -> None:
    gone = person("ana", disabled_at_us=1)
    late = person("rui", totp_secret=None, invited_until_us=NOON_US)
    early = person("eva", totp_secret=None, invited_until_us=NOON_US + 1)
    house = Fixture(gone, late, early)
    assert house.log_in("ana", PASSWORD, house.time.code()) is LogIn.REFUSED
    assert house.log_in("rui", PASSWORD, "") is LogIn.REFUSED
    assert house.log_in("eva", PASSWORD, "") is LogIn.DONE
    assert house.people.active == 1


@pytest.mark.parametrize("name", ["ana", "nobody"])
def test_a_name_that_is_tried_too_often_waits_longer_each_time(name: str) -> None:
    house = Fixture(person("ana"))
    for _ in range(FREE_TRIES):
        assert house.log_in(name, "wrong", "") is LogIn.REFUSED
    assert house.log_in(name, PASSWORD, house.time.code()) is LogIn.LOCKED
    house.time.s += 60
    assert house.log_in(name, "wrong", "") is LogIn.REFUSED
    house.time.s += 119
    assert house.log_in(name, PASSWORD, house.time.code()) is LogIn.LOCKED
    house.time.s += 1
    outcome = house.log_in(name, PASSWORD, house.time.code())
    assert outcome is (LogIn.DONE if name == "ana" else LogIn.REFUSED)


def test_the_longest_wait_is_a_quarter_of_an_hour_and_success_forgets() -> None:
    time = Time()
    lock = LockOut(time.ns)
    for _ in range(40):
        lock.failed("ana")
    time.s = 15 * 60 - 1
    assert lock.is_locked("ana")
    time.s += 1
    assert not lock.is_locked("ana")
    lock.succeeded("ana")
    for _ in range(FREE_TRIES - 1):
        lock.failed("ana")
    assert not lock.is_locked("ana")


def test_nobody_s_hash_takes_as_long_and_is_met_by_no_password() -> None:
    assert NOBODY.split("$")[1:4] == HASH.split("$")[1:4]
    assert not hasher().check_needs_rehash(NOBODY)


def test_passwords_are_checked_a_few_at_a_time_and_the_rest_refused() -> None:
    async def many() -> None:
        under_way = most = 0
        gate = asyncio.Event()

        async def slow(_: Any, *__: Any) -> bool:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await gate.wait()
            under_way -= 1
            return False

        passwords = Passwords(slow)
        asked = [asyncio.ensure_future(passwords.matches(HASH, "x")) for _ in range(MAX_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyLogInsError):
            await passwords.matches(HASH, "x")
        gate.set()
        await asyncio.gather(*asked)
        assert most == AT_ONCE
        assert not await passwords.matches(HASH, "x"), "there is room again"

    asyncio.run(many())


def test_a_secret_is_random_and_its_address_is_one_for_authenticators() -> None:
    secret = new_secret()
    assert secret != new_secret()
    assert step_of_code(secret, pyotp.TOTP(secret).at(90), 90 * SECOND_US) == 3
    address = pairing_address(secret, "ana")
    assert address.startswith("otpauth://totp/Card%20authorizer:ana?secret=" + secret)
    assert pairing_picture(address).startswith("<svg")
    assert "style=" not in pairing_picture(address), "the policy of pages allows none"


def test_a_session_ends_when_it_is_idle_and_at_the_end_of_a_shift() -> None:
    time = Time()
    sessions = Sessions(time.ns)
    token, _ = sessions.begin("ana", HASH, secure=False)
    assert sessions.find("") is None
    for _ in range(LONGEST_NS // IDLE_NS):
        time.s += IDLE_NS // SECOND_NS
        assert sessions.find(token) is not None
    time.s += 1
    assert sessions.find(token) is None
    token, _ = sessions.begin("ana", HASH, secure=False)
    time.s += IDLE_NS // SECOND_NS + 1
    assert sessions.find(token) is None
    assert len(sessions) == 0


def test_sessions_are_bounded_and_their_tokens_are_not_kept() -> None:
    sessions = Sessions(Time().ns)
    first, _ = sessions.begin("ana", HASH, secure=False)
    for _ in range(MAX_SESSIONS):
        sessions.begin("rui", HASH, secure=False)
    assert len(sessions) == MAX_SESSIONS
    assert sessions.find(first) is None
    assert first not in repr(vars(sessions))


def test_what_was_revealed_is_masked_again() -> None:
    time = Time()
    _, session = Sessions(time.ns).begin("ana", HASH, secure=False)
    for number in range(MAX_REVEALED + 1):
        session.reveal(str(number), time.ns())
    assert not session.is_revealed("0", time.ns()), "the oldest went"
    assert session.is_revealed("1", time.ns() + REVEALED_NS - 1)
    assert not session.is_revealed("1", time.ns() + REVEALED_NS)
