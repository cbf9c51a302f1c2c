"""Who is let in: headers, keys, roles, time."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.domain.access import ANONYMOUS, LOCAL, ApiKey, Caller, Role
from authorizer.http.access.control import Access, Denied
from authorizer.http.access.credentials import Credential, new_credential, parse_credential
from authorizer.http.access.rate import RateLimit, Rates

CREATED_US = 1_000
CREDENTIALS = {
    role: Credential(f"{number:010x}", f"{number:064x}") for number, role in enumerate(Role, 1)
}
UNKNOWN = Credential("f" * 10, "f" * 64)


def kept(credential: Credential, role: Role, expires_at_us: int | None = None) -> ApiKey:
    return ApiKey(credential.key_id, role, "", credential.digest, CREATED_US, expires_at_us, None)


KEYS = [kept(credential, role) for role, credential in CREDENTIALS.items()]
ALL = frozenset(Role)


def bearer(credential: object, scheme: str = "Bearer") -> list[tuple[bytes, bytes]]:
    return [(b"host", b"localhost:8080"), (b"authorization", f"{scheme} {credential}".encode())]


def denied(answer: Caller | Denied) -> Denied:
    assert isinstance(answer, Denied), answer
    return answer


def challenge(answer: Caller | Denied) -> str:
    refusal = denied(answer)
    assert refusal.status == 401
    return refusal.headers["WWW-Authenticate"]


# --- with no key -------------------------------------------------------------------------------


def test_while_there_is_no_key_anybody_may_do_anything() -> None:
    access = Access()
    for headers in ([], bearer("nonsense"), bearer(CREDENTIALS[Role.AUDITOR])):
        assert access.admit(headers, frozenset((Role.OPERATOR,))) == LOCAL
        assert access.admit(headers, None) == LOCAL
        assert access.admit_transaction(headers) == LOCAL


@pytest.mark.parametrize(
    "header",
    [(b"host", b"rebound.example"), (b"origin", b"null"), (b"sec-fetch-site", b"cross-site")],
)
def test_while_there_is_no_key_pages_of_others_may_do_nothing(header: tuple[bytes, bytes]) -> None:
    statuses: list[int] = []
    access = Access(on_denied=statuses.append)
    for answer in (
        access.admit([header], ALL),
        access.admit([header], None),
        access.admit_transaction([header]),
        access.admit_plain((), foreign=True),
    ):
        assert denied(answer).status == 403
        assert "no API key is configured" in denied(answer).detail
    assert access.admit_plain((), foreign=False) == LOCAL
    assert statuses == [403] * 4


def test_with_keys_it_is_the_key_that_counts() -> None:
    headers = [*bearer(GOOD), (b"origin", b"https://console.example"), (b"host", b"any.example")]
    assert isinstance(Access(KEYS).admit(headers, ALL), Caller)


def test_beyond_loopback_nobody_may_do_anything_while_there_is_no_key() -> None:
    access = Access(open_without_keys=False)
    assert denied(access.admit([], ALL)).status == 401
    assert denied(access.admit_transaction([])).status == 401
    assert access.admit([], None) == ANONYMOUS


def test_once_there_was_a_key_one_is_needed_for_good() -> None:
    access = Access()
    access.replace(KEYS)
    assert denied(access.admit([], ALL)).status == 401
    access.replace([])
    assert denied(access.admit([], ALL)).status == 401


# --- with a key --------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("allowed", Role)
def test_a_role_may_what_is_for_it(role: Role, allowed: Role) -> None:
    access = Access(KEYS)
    answer = access.admit(bearer(CREDENTIALS[role]), frozenset((allowed,)))
    if role is allowed:
        assert answer == Caller(f"{role.value}:{CREDENTIALS[role].key_id}", role)
    else:
        refusal = denied(answer)
        assert refusal.status == 403
        assert 'error="insufficient_scope"' in refusal.headers["WWW-Authenticate"]
        assert role.value in refusal.detail
        assert allowed.value in refusal.detail


@pytest.mark.parametrize("role", Role)
def test_transactions_are_for_terminals(role: Role) -> None:
    answer = Access(KEYS).admit_transaction(bearer(CREDENTIALS[role]))
    if role is Role.TERMINAL:
        assert answer == Caller(f"terminal:{CREDENTIALS[role].key_id}", role)
    else:
        assert denied(answer).status == 403


def test_what_needs_no_key_gives_no_rights() -> None:
    caller = Access(KEYS).admit([], None)
    assert caller == ANONYMOUS
    assert isinstance(caller, Caller)
    assert not caller.sees_personal_data


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_read_in_any_case(scheme: str) -> None:
    headers = bearer(CREDENTIALS[Role.AUDITOR], scheme)
    assert isinstance(Access(KEYS).admit(headers, ALL), Caller)


@pytest.mark.parametrize("space", [" ", "\t", "  \t "])
def test_white_space_around_a_key_is_not_part_of_it(space: str) -> None:
    """The parser leaves what stands behind a value (RFC 9110, 5.5)."""
    headers = bearer(f"{CREDENTIALS[Role.AUDITOR]}{space}")
    assert isinstance(Access(KEYS).admit(headers, ALL), Caller)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"")],
        [(b"authorization", str(CREDENTIALS[Role.AUDITOR]).encode())],
        bearer(CREDENTIALS[Role.AUDITOR], "Basic"),
        bearer(CREDENTIALS[Role.AUDITOR], "Bearerx"),
        [(b"x-api-key", str(CREDENTIALS[Role.AUDITOR]).encode())],
    ],
)
def test_no_bearer_token_is_a_challenge_without_an_error(
    headers: list[tuple[bytes, bytes]],
) -> None:
    assert challenge(Access(KEYS).admit(headers, ALL)) == 'Bearer realm="authorizer"'


GOOD = CREDENTIALS[Role.AUDITOR]
OTHER = CREDENTIALS[Role.OPERATOR]


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        "ak__",
        UNKNOWN,
        Credential(GOOD.key_id, OTHER.secret),
        Credential(GOOD.key_id, "0" * 64),
        Credential("0" * 10, GOOD.secret),
        str(GOOD).upper(),
        str(GOOD)[:-1],
        f"{GOOD}0",
        f"{GOOD}\n",
        f"{GOOD} {GOOD}",
        f"ak_{GOOD.key_id}_{GOOD.digest.hex()}",
    ],
    ids=repr,
)
def test_a_token_that_is_no_known_key_is_invalid(token: object) -> None:
    answer = Access(KEYS).admit(bearer(token), ALL)
    assert 'error="invalid_token"' in challenge(answer)


def test_two_authorization_headers_are_none() -> None:
    headers = [*bearer(GOOD), *bearer(OTHER)]
    assert 'error="invalid_token"' in challenge(Access(KEYS).admit(headers, ALL))


@given(st.binary(max_size=120), st.booleans())
def test_no_bytes_are_a_bug_or_a_key(value: bytes, as_token: bool) -> None:
    given_ = b"Bearer " + value if as_token else value
    assert denied(Access(KEYS).admit([(b"authorization", given_)], ALL)).status == 401


def test_an_unknown_key_of_another_id_is_refused_after_a_good_one() -> None:
    """What is remembered of one header is no good for another."""
    access = Access(KEYS)
    assert isinstance(access.admit(bearer(GOOD), ALL), Caller)
    assert isinstance(access.admit(bearer(GOOD), ALL), Caller)
    assert denied(access.admit(bearer(Credential(GOOD.key_id, "f" * 64)), ALL)).status == 401


# --- time --------------------------------------------------------------------------------------


def test_a_key_is_good_until_it_expires_remembered_or_not() -> None:
    now_us = CREATED_US
    access = Access([kept(GOOD, Role.AUDITOR, CREATED_US + 10)], lambda: now_us)
    assert isinstance(access.admit(bearer(GOOD), ALL), Caller)
    assert access.active_keys == 1
    now_us = CREATED_US + 9
    assert isinstance(access.admit(bearer(GOOD), ALL), Caller)
    now_us = CREATED_US + 10
    assert "has expired" in challenge(access.admit(bearer(GOOD), ALL))
    assert "has expired" in challenge(access.admit(bearer(GOOD, "bearer"), ALL))
    assert access.active_keys == 0


def test_a_revoked_key_is_refused_from_the_next_request_on() -> None:
    access = Access(KEYS)
    assert isinstance(access.admit_transaction(bearer(CREDENTIALS[Role.TERMINAL])), Caller)
    access.replace([key._replace(revoked_at_us=CREATED_US) for key in KEYS])
    answer = access.admit_transaction(bearer(CREDENTIALS[Role.TERMINAL]))
    assert "was revoked" in challenge(answer)


def test_a_wrong_secret_learns_nothing_of_the_key() -> None:
    expired = kept(GOOD, Role.AUDITOR, CREATED_US + 1)
    access = Access([expired._replace(revoked_at_us=CREATED_US)], lambda: CREATED_US + 2)
    wrong = access.admit(bearer(Credential(GOOD.key_id, "0" * 64)), ALL)
    assert wrong == access.admit(bearer(new_credential()), ALL)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("authorizer.http.access.control._MAX_REMEMBERED", 3)
    access = Access(KEYS)
    for spaces in range(1, 20):
        assert isinstance(access.admit(bearer(GOOD, "Bearer" + " " * spaces), ALL), Caller)
        assert denied(access.admit(bearer(new_credential()), ALL)).status == 401
        assert len(access._remembered) <= 3


def test_what_is_remembered_is_small() -> None:
    """A key may be written with any number of spaces; each would be a header of its own."""
    access = Access(KEYS)
    for spaces in range(1, 2000):
        assert isinstance(access.admit(bearer(GOOD, "Bearer" + " " * spaces), ALL), Caller)
    assert max(map(len, access._remembered)) < 200


# --- rates and counts --------------------------------------------------------------------------


def test_a_key_that_asks_too_often_is_told_when_to_come_back() -> None:
    access = Access(KEYS, rates=Rates(RateLimit(2, 3), lambda: 0))
    answers = [access.admit(bearer(GOOD), ALL) for _ in range(4)]
    assert all(isinstance(answer, Caller) for answer in answers[:3])
    refusal = denied(answers[3])
    assert (refusal.status, refusal.headers) == (429, {"Retry-After": "1"})
    assert isinstance(access.admit(bearer(OTHER), ALL), Caller)


def test_what_a_role_may_not_do_counts_too() -> None:
    access = Access(KEYS, rates=Rates(RateLimit(2, 3), lambda: 0))
    terminals = frozenset((Role.TERMINAL,))
    assert [denied(access.admit(bearer(GOOD), terminals)).status for _ in range(4)] == [
        403, 403, 403, 429,
    ]  # fmt: skip


def test_transactions_have_no_rate() -> None:
    access = Access(KEYS, rates=Rates(RateLimit(1, 1), lambda: 0))
    terminal = bearer(CREDENTIALS[Role.TERMINAL])
    assert all(isinstance(access.admit_transaction(terminal), Caller) for _ in range(100))


def test_every_denial_is_counted() -> None:
    counts: Counter[int] = Counter()
    access = Access(
        KEYS, rates=Rates(RateLimit(1, 1), lambda: 0), on_denied=lambda s: counts.update([s])
    )
    access.admit([], ALL)
    access.admit_transaction([])
    access.admit_transaction(bearer(GOOD))
    access.admit(bearer(GOOD), ALL)
    access.admit(bearer(GOOD), ALL)
    access.admit([], None)
    assert counts == {401: 2, 403: 1, 429: 1}


# --- credentials -------------------------------------------------------------------------------


def test_a_key_is_read_as_it_was_made() -> None:
    made = {new_credential() for _ in range(100)}
    assert len({credential.secret for credential in made}) == 100
    for credential in made:
        assert parse_credential(str(credential).encode()) == credential
        assert len(bytes.fromhex(credential.secret)) * 8 == 256


def test_no_repr_shows_a_secret() -> None:
    credential = new_credential()
    assert credential.secret not in repr(credential)
    assert credential.secret not in repr([credential])
    assert credential.secret not in f"{(credential,)}"
