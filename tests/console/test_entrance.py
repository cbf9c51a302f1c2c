"""Log-in over HTTP: cookies, sessions, what is recorded, who is let in no more."""

from __future__ import annotations

import json
import re
import time

import pyotp
import pytest

from tests.support.command_line import done
from tests.support.people import (
    HASH,
    PASSWORD,
    SECRET,
    Desk,
    code_in,
    desk_of,
    early_in_a_step,
    person,
    put_people,
    somebody,
    words_of,
)
from tests.support.server import MakeServer, Server

NEW_PASSWORD = "outra senha bem comprida"


def test_without_people_the_console_says_how_to_make_the_first(make_server: MakeServer) -> None:
    server = make_server("--reports", "false").start()
    desk = Desk(server)
    assert "authorizer users create" in words_of(desk.get("/console").text)
    answer = desk.post("/console/entrar", {"nome": "ana", "senha": "x"})
    assert answer.status_code == 200
    assert not desk.browser.cookies


def test_somebody_new_chooses_a_password_and_pairs_the_second_factor(desk_server: Server) -> None:
    data = desk_server.data
    user_id = somebody(desk_server).user_id + "n"
    new = ("--role", "supervisor", "--name", user_id, "--data", data)
    made = done("users", "create", user_id, *new)
    desk = Desk(desk_server)
    assert desk.log_in(user_id, made.strip(), code="").headers["location"] == "/console"
    page = desk.get("/console/fila")
    assert page.url.endswith("/console/primeiro-acesso"), "and nowhere else, before that"
    groups = re.search(r'class="secret">((?:<span>[A-Z2-7]{4}</span> ?){8})<', page.text)
    assert groups is not None
    secret = re.sub(r"<[^>]*>| ", "", groups[1])
    chosen = {"senha": NEW_PASSWORD, "outra-vez": NEW_PASSWORD}
    assert desk.post("/console/primeiro-acesso", {**chosen, "codigo": "000000"}).status_code == 422
    short = {"senha": "curta", "outra-vez": "curta", "codigo": pyotp.TOTP(secret).now()}
    assert desk.post("/console/primeiro-acesso", short).status_code == 422
    code = pyotp.TOTP(secret).now()
    done_ = desk.do("/console/primeiro-acesso", **chosen, codigo=code)
    assert done_.url.endswith("/console/fila")
    again = Desk(desk_server)
    assert again.log_in(user_id, made.strip(), code="").status_code == 403, "it was for one time"
    stored = json.loads((data / "access" / "users.json").read_text())["users"]
    assert next(one for one in stored if one["id"] == user_id)["totp_secret"] == secret


def test_a_wrong_password_code_or_name_are_all_alike(desk_server: Server) -> None:
    user = somebody(desk_server)
    pages = set()
    for name, password, code in (
        (user.user_id, "wrong", None),
        (user.user_id, PASSWORD, "000000"),
        ("nobody.at.all", PASSWORD, None),
    ):
        desk = Desk(desk_server)
        answer = desk.log_in(name, password, code)
        assert answer.status_code == 403
        assert "console" not in answer.cookies
        pages.add(words_of(answer.text))
    assert len(pages) == 1


def test_a_name_that_is_tried_too_often_waits(desk_server: Server) -> None:
    user = somebody(desk_server)
    for _ in range(5):
        assert Desk(desk_server).log_in(user.user_id, "wrong").status_code == 403
    assert Desk(desk_server).log_in(user.user_id).status_code == 403
    other = somebody(desk_server)
    assert Desk(desk_server).log_in(other.user_id).status_code == 303


@pytest.mark.parametrize(("origin", "prefix"), [("http", ""), ("https", "__Host-")])
def test_the_cookie_of_a_session_is_kept_from_pages_and_other_sites(
    desk_server: Server, origin: str, prefix: str
) -> None:
    """Behind a proxy that ends TLS the browser's Origin says https."""
    desk = Desk(desk_server)
    user = somebody(desk_server)
    desk.get("/console/entrar")
    fields = {"nome": user.user_id, "senha": PASSWORD, "codigo": pyotp.TOTP(SECRET).now()}
    page = {"token": desk.token("token"), **fields}
    host = desk.home.partition("://")[2]
    answer = desk.post("/console/entrar", page, Origin=f"{origin}://{host}")
    assert answer.status_code == 303
    cookies = answer.raw.headers.getlist("set-cookie")
    (session,) = [one for one in cookies if one.startswith(f"{prefix}console=")]
    flags = {flag.strip().lower() for flag in session.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= flags
    assert ("secure" in flags) == (origin == "https")
    assert not any(flag.startswith(("max-age", "expires", "domain")) for flag in flags)


def test_a_secure_session_is_not_taken_from_a_plain_cookie(desk_server: Server) -> None:
    desk = Desk(desk_server)
    user = somebody(desk_server)
    desk.get("/console/entrar")
    fields = {"nome": user.user_id, "senha": PASSWORD, "codigo": pyotp.TOTP(SECRET).now()}
    host = desk.home.partition("://")[2]
    answer = desk.post(
        "/console/entrar", {"token": desk.token("token"), **fields}, Origin=f"https://{host}"
    )
    found = re.search(r"__Host-console=([^;]+)", answer.headers["set-cookie"])
    assert found is not None
    plain, secure = Desk(desk_server), Desk(desk_server)
    assert plain.get("/console/senha", Cookie=f"console={found[1]}").url.count("/entrar")
    assert "/entrar" not in secure.get("/console/senha", Cookie=f"__Host-console={found[1]}").url


def test_no_session_is_taken_from_the_browser(desk_server: Server) -> None:
    """Session fixation: a token that somebody planted before is not the one after the log-in."""
    desk = Desk(desk_server)
    desk.browser.cookies.set("console", "planted", domain="127.0.0.1", path="/")
    answer = desk.log_in(somebody(desk_server).user_id)
    assert answer.cookies["console"] != "planted"
    planted = Desk(desk_server).get("/console/senha", Cookie="console=planted")
    assert planted.url.endswith("/entrar?para=/console/senha")


def test_a_log_in_ends_the_session_before_and_a_log_out_that_one(desk_server: Server) -> None:
    user = somebody(desk_server)
    desk = Desk(desk_server)
    desk.get("/console/entrar")
    before = desk_of(desk_server).browser.cookies["console"]
    desk.browser.cookies.set("console", before, domain="127.0.0.1", path="/")
    fields = {"nome": user.user_id, "senha": PASSWORD, "codigo": pyotp.TOTP(SECRET).now()}
    form = {"token": desk.token("token"), **fields}
    assert desk.post("/console/entrar", form).status_code == 303
    assert "/entrar" in Desk(desk_server).get("/console/senha", Cookie=f"console={before}").url
    desk.get("/console/senha")
    first = desk.browser.cookies["console"]
    assert desk.post("/console/sair").status_code == 303
    assert "/entrar" in Desk(desk_server).get("/console/senha", Cookie=f"console={first}").url


def test_the_log_in_form_is_for_the_browser_that_got_it(desk_server: Server) -> None:
    victim, attacker = Desk(desk_server), Desk(desk_server)
    attacker.get("/console/entrar")
    user = somebody(desk_server)
    fields = {"nome": user.user_id, "senha": PASSWORD, "codigo": pyotp.TOTP(SECRET).now()}
    forged = {"token": attacker.token("token"), **fields}
    answer = victim.post("/console/entrar", forged)
    assert answer.status_code == 403
    assert "console" not in answer.cookies
    answer = attacker.post("/console/entrar", forged, Origin="https://evil.example")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example",
        "//evil.example",
        "/console\\evil",
        "/console/\\evil",
        "/console/%0d%0aevil",
        "/consoles",
        "/console/../docs",
        "/console/%252e%252e/docs",
        "/console//docs",
        "/console/..//evil.example",
        "/clientes",
    ],
)
def test_a_log_in_leads_to_the_console_alone(desk_server: Server, wanted: str) -> None:
    somebody(desk_server)
    desk = Desk(desk_server)
    page = desk.get(f"/console/entrar?para={wanted}")
    assert 'name="para" value=""' in page.text
    chosen = desk.browser.get(
        f"{desk.home}/console/idioma?l=en&para={wanted}", allow_redirects=False, timeout=60
    )
    assert chosen.headers["location"] == "/console"
    inside = desk.get("/console/entrar?para=/console/fila?de=todas")
    assert 'name="para" value="/console/fila?de=todas"' in inside.text


def test_who_is_disabled_or_changed_is_out_at_once(desk_server: Server) -> None:
    user = somebody(desk_server)
    desk = Desk(desk_server)
    desk.log_in(user.user_id)
    assert desk.get("/console/senha").url.endswith("/console/senha")
    done("users", "disable", user.user_id, "--data", desk_server.data)
    assert "/entrar" in desk.get("/console/senha").url
    assert desk.log_in(user.user_id).status_code == 403
    made = done("users", "reset", user.user_id, "--data", desk_server.data)
    assert desk.log_in(user.user_id, made.strip(), "").status_code == 303


def test_a_role_that_is_taken_away_is_gone_with_the_next_page(desk_server: Server) -> None:
    user = somebody(desk_server, "supervisor")
    desk = Desk(desk_server)
    desk.log_in(user.user_id)
    assert desk.get("/console/clientes/12345/acessos").status_code == 200
    put_people(desk_server.data, person(user.user_id, "atendente"))
    assert desk.get("/console/clientes/12345/acessos").status_code == 403


def test_a_password_is_changed_by_who_knows_it_and_other_sessions_end(desk_server: Server) -> None:
    user = somebody(desk_server)
    here, there = Desk(desk_server), Desk(desk_server)
    early_in_a_step()
    assert here.log_in(user.user_id, code=code_in(-30)).status_code == 303
    assert there.log_in(user.user_id, code=code_in(0)).status_code == 303
    new = {"senha": NEW_PASSWORD, "outra-vez": NEW_PASSWORD, "codigo": code_in(30)}
    here.get("/console/senha")
    assert here.post("/console/senha", {"atual": "wrong", **new}).status_code == 422
    assert HASH in (desk_server.data / "access" / "users.json").read_text()
    other = {**new, "outra-vez": "uma outra bem comprida"}
    assert here.post("/console/senha", {"atual": PASSWORD, **other}).status_code == 422
    assert here.do("/console/senha", atual=PASSWORD, **new).url.endswith("/console/fila")
    assert "/entrar" in there.get("/console/senha").url
    by = ("--by", f"@{user.user_id}", "--data", desk_server.data)
    kinds = [json.loads(line)["kind"] for line in done("inspect", "--accesses", *by).splitlines()]
    assert kinds == ["entrada", "entrada", "senha_mudada"]


def test_log_ins_are_on_record(desk_server: Server) -> None:
    user = somebody(desk_server)
    Desk(desk_server).log_in(user.user_id, "wrong")
    desk = Desk(desk_server)
    desk.log_in(user.user_id)
    desk.get("/console/senha")
    desk.post("/console/sair")
    by = f"atendente:@{user.user_id}"
    lines = done("inspect", "--accesses", "--by", by, "--data", desk_server.data).splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["entrada_recusada", "entrada", "saida"]
    assert all(json.loads(line)["customers"] == [] for line in lines)
    assert f"@{user.user_id}" in done(
        "inspect", "--accesses", "--by", f"@{user.user_id}", "--data", desk_server.data
    )


def test_a_drain_waits_for_no_event_stream(make_server: MakeServer) -> None:
    server = make_server().start()
    desk = desk_of(server)
    asked = desk.browser.get(desk.home + "/console/fila/eventos", stream=True, timeout=60)
    assert next(asked.iter_lines()) == b"retry: 3000"
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 15, "as long as a drain waits for requests"
