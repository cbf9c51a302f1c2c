"""Every page asked for by every role, and every form forged: by URL, without and with a token."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

from authorizer.console import pages
from authorizer.console.access.door import Page
from authorizer.domain.people import LOG_IN_ROLES
from authorizer.http.access.roles import CARE, CARE_READ, OPERATIONS
from tests.support.people import Desk, desk_of, words_of
from tests.support.server import Server

FORBIDDEN = "Seu perfil não permite isso."
FOREIGN = "Este formulário não veio desta página, ou é antigo. Nada foi feito."
FILLED = {
    "{customer_id}": "nobody",
    "{account_id}": "none",
    "{card_id}": "nothing",
    "{ticket_id}": "20200101000001",
    "{name}": "nenhum",
}
EVENTS = "/console/fila/eventos"
"""A stream without an end: asked for elsewhere."""


def declared() -> Iterator[Page]:
    """Every page, as its method declares it."""
    for module in iter_modules(pages.__path__):
        found = import_module(f"{pages.__name__}.{module.name}")
        for kind in vars(found).values():
            if isinstance(kind, type) and kind.__module__ == found.__name__:
                methods: list[Any] = list(vars(kind).values())
                yield from (m._page for m in methods if hasattr(m, "_page"))


PAGES = sorted(declared(), key=lambda page: (page.path, page.method))


def path_of(page: Page) -> str:
    path = page.path.replace("{position:int}", "1").replace("{rest:path}", "nada")
    for name, value in FILLED.items():
        path = path.replace(name, value)
    assert "{" not in path
    return path


@pytest.fixture(scope="module")
def desks(desk_server: Server) -> dict[str, Desk]:
    """Somebody of each role, logged in."""
    return {role.value: desk_of(desk_server, role.value) for role in LOG_IN_ROLES}


def test_pages_are_found() -> None:
    assert len(PAGES) > 25
    assert {page.method for page in PAGES} == {"GET", "POST"}
    of_care = [page for page in PAGES if page.path.startswith("/console/cartoes")]
    assert {page.roles for page in of_care} == {CARE}
    assert next(p for p in PAGES if p.path == "/console/busca").roles == CARE_READ


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.method} {page.path}")
def test_a_page_is_for_its_roles(page: Page, desks: dict[str, Desk]) -> None:
    if page.path == EVENTS:
        return
    for role in LOG_IN_ROLES:
        desk = desks[role.value]
        if page.method == "GET":
            answer = desk.get(path_of(page))
        elif page.path == "/console/sair":
            continue
        else:
            desk.get("/console/senha")
            answer = desk.post(path_of(page))
        is_refused = answer.status_code == 403 and FORBIDDEN in answer.text
        assert is_refused == (role not in page.roles), (role, answer.status_code)
        assert answer.status_code != 503, words_of(answer.text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.method} {page.path}")
def test_nobody_is_let_in_without_a_session(page: Page, desk_server: Server) -> None:
    desk = Desk(desk_server)
    send = desk.browser.get if page.method == "GET" else desk.browser.post
    answer = send(desk.home + path_of(page), allow_redirects=False, timeout=60)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/entrar")
    assert answer.text == ""


FORMS = [page for page in PAGES if page.method == "POST" and not page.in_setup]


@pytest.mark.parametrize("page", FORMS, ids=lambda page: page.path)
@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({"csrf": ""}, {}),
        ({"csrf": "x" * 43}, {}),
        ({}, {"Origin": "https://evil.example"}),
        ({}, {"Origin": "null"}),
        ({}, {"Sec-Fetch-Site": "cross-site"}),
        ({}, {"Sec-Fetch-Site": "same-site"}),
    ],
)
def test_a_forged_form_does_nothing(
    page: Page, desks: dict[str, Desk], fields: dict[str, str], headers: dict[str, str]
) -> None:
    desk = desks["operador" if page.roles == OPERATIONS else "supervisor"]
    desk.get("/console/senha")
    answer = desk.post(path_of(page), fields, **headers)
    assert answer.status_code == 403
    assert FOREIGN in answer.text


def test_a_form_without_an_origin_or_of_another_kind_does_nothing(desks: dict[str, Desk]) -> None:
    desk = desks["supervisor"]
    desk.get("/console/senha")
    path = desk.home + "/console/cartoes/123987654/bloqueio"
    fields = {"csrf": desk.token("csrf"), "motivo": "perda", "canal": "Chat"}
    assert desk.browser.post(path, data=fields, timeout=60).status_code == 403
    own = {"Origin": desk.home}
    assert desk.browser.post(path, json=fields, headers=own, timeout=60).status_code == 400
    twice = [*fields.items(), ("motivo", "roubo")]
    assert desk.browser.post(path, data=twice, headers=own, timeout=60).status_code == 400


def test_no_form_is_taken_of_another_session(desks: dict[str, Desk]) -> None:
    desks["supervisor"].get("/console/senha")
    theirs = desks["supervisor"].token("csrf")
    desks["atendente"].get("/console/senha")
    answer = desks["atendente"].post("/console/sair", {"csrf": theirs})
    assert answer.status_code == 403
    assert desks["atendente"].get("/console/senha").url.endswith("/console/senha")


def test_an_open_house_opens_no_console(desk_server: Server) -> None:
    """There is no API key on this server, so the API is open; the console asks all the same."""
    assert desk_server.client.get("/clientes/12345").status == 200
    assert "/entrar" in Desk(desk_server).get("/console/clientes/12345").url


PUBLIC = (
    "/console/entrar",
    "/console/entrar/desafio",
    "/console/idioma?l=en",
    "/console/assets/console.css",
    "/console/assets/nothing",
)


OWN = (
    "/console/clientes/12345",
    "/console/fila",
    "/console/conta/desafio",
    "/console/nada",
    "/console/clientes/nobody",
    "/console/operacao",
    "/console/relatorios/atendimento.csv",
)


@pytest.mark.parametrize("path", [*OWN, *PUBLIC])
def test_every_answer_is_kept_out_of_frames_and_caches(path: str, desks: dict[str, Desk]) -> None:
    desk = desks["supervisor"]
    headers = desk.browser.get(desk.home + path, allow_redirects=False, timeout=60).headers
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(
        policy.split("; ")
    )
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    is_file = "/assets/console" in path
    assert headers["cache-control"] == ("no-cache" if is_file else "no-store")


def test_the_event_stream_tells_that_something_changed_and_nothing_else(
    desks: dict[str, Desk],
) -> None:
    desk = desks["supervisor"]
    asked = desk.browser.get(desk.home + EVENTS, stream=True, timeout=60)
    lines = asked.iter_lines()
    assert next(lines) == b"retry: 3000"
    desk.get("/console/clientes/12345/chamados")
    fields = {"assunto": "Um assunto", "descricao": "d", "categoria": "outro", "canal": "Chat"}
    desk.do("/console/clientes/12345/chamados", **fields)
    assert next(line for line in lines if line) == b"event: fila"
    assert next(lines) == b"data: 1"
    asked.close()
    operator = desks["operador"]
    assert operator.browser.get(operator.home + EVENTS, timeout=60).status_code == 403
