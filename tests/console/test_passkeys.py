"""Passkeys: Chromium with a virtual authenticator, and attacks with what it has signed."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest
import requests

from authorizer.console.access.challenges import GOOD_NS, MAX_ANSWERED, Challenges
from authorizer.console.access.lock_out import LockOut
from authorizer.console.access.passkeys import Passkeys
from authorizer.console.access.passwords import Passwords
from authorizer.console.access.people import People
from authorizer.domain.people import MAX_PASSKEYS, Passkey, User
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.users import read_users
from authorizer.simulation.world import inline
from tests.support.chromium import Chromium, Visitor
from tests.support.command_line import done
from tests.support.people import PASSWORD, code_in, person, put_people, somebody
from tests.support.server import Server
from tests.support.waiting import PATIENCE_S

LOG_IN: Final = "/console/entrar"
BY_PASSKEY: Final = f"{LOG_IN}/chave"


class Authenticator:
    """A virtual authenticator of a browser, by the domain WebAuthn of the DevTools protocol."""

    def __init__(self, visitor: Visitor, **options: Any) -> None:
        self._session = visitor.page.context.new_cdp_session(visitor.page)
        self._session.send("WebAuthn.enable")
        kind = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = self._session.send(
            "WebAuthn.addVirtualAuthenticator", {"options": {**kind, **options}}
        )
        self._id = {"authenticatorId": made["authenticatorId"]}

    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._session.send("WebAuthn.getCredentials", self._id)[
            "credentials"
        ]
        return found

    def put(self, credential: dict[str, Any]) -> None:
        """Have it hold a credential, as a clone would."""
        self._session.send("WebAuthn.addCredential", {**self._id, "credential": credential})

    def verify_users(self, verified: bool) -> None:
        asked = {**self._id, "isUserVerified": verified}
        self._session.send("WebAuthn.setUserVerified", asked)

    def forget_all(self) -> None:
        self._session.send("WebAuthn.clearCredentials", self._id)


@pytest.fixture
def visitor(browser: Chromium, desk_server: Server) -> Iterator[Visitor]:
    """Somebody at a page whose host has a name: browsers make no passkey for an IP number."""
    with browser.visitor(desk_server, host="localhost") as found:
        yield found


def add_passkey(visitor: Visitor, name: str = "celular") -> None:
    """Make a passkey of somebody who is logged in."""
    visitor.open("/console/conta")
    visitor.page.fill("#atual", PASSWORD)
    visitor.page.fill("#codigo", code_in(30))
    visitor.press("Continuar")
    visitor.page.fill("#nome", name)
    visitor.press("Criar a chave de acesso")


def log_out(visitor: Visitor) -> None:
    visitor.press("Sair")


def kinds_of(server: Server, user_id: str) -> list[str]:
    told = done("inspect", "--accesses", "--by", f"@{user_id}", "--data", server.data)
    return [json.loads(line)["kind"] for line in told.splitlines()]


def stored(server: Server, user_id: str) -> list[dict[str, Any]]:
    users = json.loads((server.data / "access" / "users.json").read_text())["users"]
    found: list[dict[str, Any]] = next(user["passkeys"] for user in users if user["id"] == user_id)
    return found


def with_passkey(visitor: Visitor, server: Server) -> tuple[str, Authenticator]:
    """Somebody who has a passkey and has logged out."""
    user = somebody(server)
    authenticator = Authenticator(visitor)
    visitor.log_in(user.user_id)
    add_passkey(visitor)
    log_out(visitor)
    return user.user_id, authenticator


def test_a_passkey_lets_its_owner_in_without_a_password(
    visitor: Visitor, desk_server: Server
) -> None:
    user_id, authenticator = with_passkey(visitor, desk_server)
    assert visitor.barriers() == []
    (credential,) = authenticator.credentials()
    assert credential["isResidentCredential"]
    assert user_id not in credential["userHandle"]
    visitor.press("Entrar com chave de acesso")
    assert visitor.page.url.endswith("/console/fila")
    assert stored(desk_server, user_id)[0]["sign_count"] == 2
    listed = json.loads(done("users", "list", "--json", "--data", desk_server.data))
    assert next(one for one in listed if one["id"] == user_id)["passkeys"] == 1
    visitor.open("/console/conta")
    assert visitor.barriers() == []
    assert "celular localhost" in visitor.text
    visitor.press("Tirar celular")
    assert "A chave de acesso não entra mais." in visitor.text
    log_out(visitor)
    visitor.press("Entrar com chave de acesso")
    assert "Esta chave de acesso não foi aceita." in visitor.text
    assert kinds_of(desk_server, user_id) == [
        "entrada",
        "chave_incluida",
        "saida",
        "entrada_por_chave",
        "chave_retirada",
        "saida",
    ]
    refused = [error for error in visitor.errors if "403" not in error]
    assert refused == []
    assert visitor.foreign == []


def test_a_person_who_is_disabled_or_reset_is_not_let_in(
    visitor: Visitor, desk_server: Server
) -> None:
    user_id, _ = with_passkey(visitor, desk_server)
    done("users", "disable", user_id, "--data", desk_server.data)
    visitor.press("Entrar com chave de acesso")
    assert "não foi aceita" in visitor.text
    assert kinds_of(desk_server, user_id)[-1] == "entrada_recusada"
    done("users", "reset", user_id, "--data", desk_server.data)
    visitor.press("Entrar com chave de acesso")
    assert "Esta chave de acesso não foi aceita." in visitor.text
    assert stored(desk_server, user_id) == []


def test_no_passkey_is_made_without_password_and_code(
    visitor: Visitor, desk_server: Server
) -> None:
    user = somebody(desk_server)
    Authenticator(visitor)
    visitor.log_in(user.user_id)
    visitor.open("/console/conta")
    visitor.page.fill("#atual", "wrong")
    visitor.page.fill("#codigo", code_in(30))
    visitor.press("Continuar")
    assert "não confere" in visitor.text
    assert "Criar a chave" not in visitor.text
    challenge = "fetch('/console/conta/desafio').then((answer) => answer.status)"
    assert visitor.page.evaluate(challenge) == 409
    forged = {"csrf": visitor.page.locator("[name=csrf]").first.get_attribute("value") or ""}
    answer = visitor.page.request.post(
        f"{visitor.home}/console/conta/chaves",
        form={**forged, "nome": "x", "resposta": "{}"},
        headers={"Origin": visitor.home},
    )
    assert answer.status == 422
    assert "Confirme a senha" in answer.text()
    assert stored(desk_server, user.user_id) == []


def test_an_authenticator_that_has_not_verified_its_user_lets_nobody_in(
    visitor: Visitor, desk_server: Server
) -> None:
    _, authenticator = with_passkey(visitor, desk_server)
    authenticator.verify_users(False)
    visitor.page.get_by_role("button", name="Entrar com chave de acesso").click()
    visitor.page.get_by_text("O navegador não usou nenhuma chave").wait_for()
    visitor.page.route(f"**{LOG_IN}/desafio", ask_for_less)
    visitor.press("Entrar com chave de acesso")
    assert "Esta chave de acesso não foi aceita." in visitor.text


def ask_for_less(route: Any) -> None:
    """A page that was tampered with, whose browser verifies nobody."""
    answer = route.fetch()
    route.fulfill(response=answer, json={**answer.json(), "userVerification": "discouraged"})


# --- attacks: what the authenticator has signed, sent by somebody else ----------------------------


class Thief:
    """A client of its own that sends what a browser was about to send."""

    def __init__(self, visitor: Visitor) -> None:
        self.home = visitor.home
        self.form: dict[str, str] = {}
        self.cookies: dict[str, str] = {}
        visitor.page.route(f"**{BY_PASSKEY}", self._catch)
        with visitor.page.expect_event("requestfailed"):
            visitor.page.get_by_role("button", name="Entrar com chave de acesso").click()
        visitor.page.unroute(f"**{BY_PASSKEY}")
        for cookie in visitor.page.context.cookies():
            self.cookies[cookie["name"]] = cookie["value"]

    def _catch(self, route: Any) -> None:
        self.form = dict(parse_qsl(route.request.post_data))
        route.abort()

    def send(self, home: str | None = None, **form: str) -> requests.Response:
        at = home or self.home
        return requests.post(
            self.home + BY_PASSKEY,
            data={**self.form, **form},
            headers={"Origin": at, "Host": at.partition("://")[2]},
            cookies=self.cookies,
            allow_redirects=False,
            timeout=PATIENCE_S,
        )

    @property
    def answer(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.form["resposta"])
        return found


def is_let_in(answer: requests.Response) -> bool:
    assert answer.status_code in (303, 403), answer.text
    return answer.status_code == 303


def test_what_was_signed_is_good_once_as_it_is_in_one_browser_at_one_host(
    visitor: Visitor, desk_server: Server
) -> None:
    user_id, _ = with_passkey(visitor, desk_server)
    thief = Thief(visitor)
    own = dict(thief.cookies)
    page = requests.get(thief.home + LOG_IN, timeout=PATIENCE_S)
    thief.cookies = {cookie.name: str(cookie.value) for cookie in page.cookies}
    token = page.text.split('name="token" value="')[1].partition('"')[0]
    assert not is_let_in(thief.send(token=token)), "another browser, with a form of its own"
    thief.cookies = own
    port = thief.home.rpartition(":")[2]
    assert not is_let_in(thief.send(home=f"http://evil.example:{port}"))
    assert not is_let_in(thief.send(home=f"https://localhost:{port}")), "another origin"
    for changed in changed_answers(thief.answer):
        assert not is_let_in(thief.send(resposta=changed)), changed[:60]
    assert not is_let_in(thief.send(token="x")), "a form that was never given"
    assert is_let_in(thief.send())
    count_anew(desk_server, user_id)
    assert not is_let_in(thief.send()), "it was answered"
    kinds = kinds_of(desk_server, user_id)
    assert kinds.count("entrada_por_chave") == 1
    assert kinds[-1] == "entrada_recusada"


def count_anew(server: Server, user_id: str) -> None:
    """Have a passkey be one of those that count nothing."""
    (user,) = (one for one in read_users(LocalDisk(server.data)) if one.user_id == user_id)
    passkeys = tuple(key._replace(sign_count=0) for key in user.passkeys)
    put_people(server.data, user._replace(passkeys=passkeys))


def changed_answers(whole: dict[str, Any]) -> Iterator[str]:
    """What an authenticator has said, with something of it changed, and what is no answer."""
    response = whole["response"]
    yield from ("", "{}", "[" * 5_000)
    yield json.dumps({**whole, "id": "AAAA", "rawId": "AAAA"})
    yield json.dumps({**whole, "response": {**response, "userHandle": "AAAA"}})
    yield json.dumps(
        {**whole, "response": {**response, "signature": response["signature"][:-4] + "AAAA"}}
    )
    without = {name: text for name, text in response.items() if name != "userHandle"}
    yield json.dumps({**whole, "response": without})


def test_another_person_s_passkey_lets_in_its_owner_alone(
    visitor: Visitor, desk_server: Server
) -> None:
    """A person's handle, and the key of another one."""
    first_id, authenticator = with_passkey(visitor, desk_server)
    (first,) = authenticator.credentials()
    authenticator.forget_all()
    second = somebody(desk_server)
    visitor.log_in(second.user_id)
    add_passkey(visitor)
    log_out(visitor)
    (theirs,) = authenticator.credentials()
    authenticator.forget_all()
    authenticator.put({**theirs, "userHandle": first["userHandle"]})
    visitor.press("Entrar com chave de acesso")
    assert "não foi aceita" in visitor.text
    authenticator.forget_all()
    authenticator.put({**theirs, "credentialId": first["credentialId"]})
    visitor.press("Entrar com chave de acesso")
    assert "não foi aceita" in visitor.text
    assert "entrada_por_chave" not in kinds_of(desk_server, first_id)
    assert "entrada_por_chave" not in kinds_of(desk_server, second.user_id)


def test_a_clone_that_counts_behind_is_refused(visitor: Visitor, desk_server: Server) -> None:
    user_id, authenticator = with_passkey(visitor, desk_server)
    (clone,) = authenticator.credentials()
    visitor.press("Entrar com chave de acesso")
    assert visitor.page.url.endswith("/console/fila")
    log_out(visitor)
    authenticator.forget_all()
    authenticator.put({**clone, "signCount": 1})
    visitor.press("Entrar com chave de acesso")
    assert "não foi aceita" in visitor.text
    assert stored(desk_server, user_id)[0]["sign_count"] == 2


def test_who_has_no_form_gets_no_challenge(desk_server: Server) -> None:
    home = f"http://127.0.0.1:{desk_server.port}"
    assert requests.get(f"{home}{LOG_IN}/desafio", timeout=PATIENCE_S).status_code == 403
    forged = {"token": "x", "resposta": "{}"}
    answer = requests.post(
        home + BY_PASSKEY, data=forged, headers={"Origin": home}, timeout=PATIENCE_S
    )
    assert answer.status_code == 403


def test_people_of_before_passkeys_can_be_read(desk_server: Server) -> None:
    user = somebody(desk_server)
    file = desk_server.data / "access" / "users.json"
    whole = json.loads(file.read_text())
    for one in whole["users"]:
        one.pop("passkeys", None)
    file.write_text(json.dumps(whole))
    put_people(desk_server.data, person(user.user_id))
    assert stored(desk_server, user.user_id) == []


# --- challenges ----------------------------------------------------------------------------------


class Time:
    def __init__(self) -> None:
        self.now_ns = 7

    def ns(self) -> int:
        return self.now_ns


def test_a_challenge_is_for_one_browser_and_not_for_long() -> None:
    time = Time()
    challenges = Challenges(time.ns)
    challenge = challenges.new("a")
    assert challenge != challenges.new("a")
    assert challenges.is_good(challenge, "a")
    assert not challenges.is_good(challenge, "b")
    assert not Challenges(time.ns).is_good(challenge, "a"), "of another process"
    later = challenge[:16] + (2**62).to_bytes(8) + challenge[24:]
    assert not challenges.is_good(later, "a")
    assert not challenges.is_good(b"", "a")
    time.now_ns += GOOD_NS - 1
    assert challenges.is_good(challenge, "a")
    time.now_ns += 1
    assert not challenges.is_good(challenge, "a")


def test_a_challenge_is_good_once_and_what_is_remembered_is_bounded() -> None:
    time = Time()
    challenges = Challenges(time.ns)
    challenge = challenges.new("a")
    challenges.answered(challenge)
    assert not challenges.is_good(challenge, "a")
    for _ in range(MAX_ANSWERED + 5):
        challenges.answered(challenges.new("a"))
    assert len(challenges._answered) == MAX_ANSWERED
    time.now_ns += GOOD_NS
    challenges.answered(challenges.new("a"))
    assert len(challenges._answered) == 1


# --- how many there may be ------------------------------------------------------------------------


def at_once(work: Coroutine[Any, Any, bool]) -> bool:
    """The result of what never waits; the browser's driver has the loop of this thread."""
    with pytest.raises(StopIteration) as end:
        work.send(None)
    found: bool = end.value.value
    return found


def test_one_passkey_too_many_is_not_kept_also_where_others_came_meanwhile() -> None:
    full = tuple(
        Passkey(bytes([number]), b"k", 0, "localhost", "x", 1) for number in range(MAX_PASSKEYS)
    )
    user = person("ana", passkeys=full[1:])
    people = People([user], Passwords(inline), LockOut(lambda: 0), lambda: 0)

    async def change(_: str, make: Callable[[User], User]) -> None:
        people.replace([make(known) for known in people.all()])

    passkeys = Passkeys(people, change, Challenges(Time().ns), inline)
    assert at_once(passkeys.keep(user, full[0]))
    assert not at_once(passkeys.keep(user, full[0]._replace(credential_id=b"one more")))
    (now,) = people.all()
    assert len(now.passkeys) == MAX_PASSKEYS
