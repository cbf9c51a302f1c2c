"""Every change in the journal says who asked for it, whichever endpoint they asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.support.api_keys import id_of, key_per_role
from tests.support.client import Answer, Client
from tests.support.command_line import done
from tests.support.documents import Document, card, customer, encode, purchase
from tests.support.endpoints import ENDPOINTS
from tests.support.server import PATIENT, Server
from tests.support.waiting import until

CARE, SUPERVISOR, OPERATOR, TERMINAL = "atendente", "supervisor", "operador", "terminal"
CHANNEL = {"canal": "Telefone"}
TICKET = {"assunto": "a", "descricao": "b", "categoria": "c", **CHANNEL}
SAID = {"autor": "atendente", "nome": "Bia", "mensagem": "oi", **CHANNEL}
A = "/accounts/a"
HOLD = {"id": "h", "amount": 3, "mcc": "5999", "merchant": "LOJA"}
LIMIT = {"window": "day", "max_amount": 900}
DRY_RUN = "POST /accounts/{account}/decisions"
"""Changes nothing."""
MERCHANT = {"name": "UBER EATS", "mcc": "5812"}


class Step(NamedTuple):
    """One request that changes something. `{protocolo}` in its path is the ticket's."""

    endpoint: str
    role: str
    path: str
    body: Document | None = None

    @property
    def method(self) -> str:
        return self.endpoint.split()[0]


STEPS = (
    Step("PUT /accounts/{account}", OPERATOR, "/accounts/a", {"balances": {"CASH": 9}}),
    Step(
        "POST /accounts/{account}/credits",
        OPERATOR,
        "/accounts/a/credits",
        {"id": "i", "category": "CASH", "amount": 1},
    ),
    Step("PUT /merchants", OPERATOR, "/merchants", MERCHANT),
    Step("DELETE /merchants", OPERATOR, "/merchants?name=UBER%20EATS"),
    Step("POST /transactions", TERMINAL, "/transactions", purchase("a", "1.00")),
    Step("POST /transaction", TERMINAL, "/transaction", purchase("a", "1.00")),
    Step("POST /authorize", TERMINAL, "/authorize", purchase("a", "100000.00")),
    Step("POST /transactions/batch", TERMINAL, "/transactions/batch", purchase("a", "1.00")),
    Step("POST /accounts/{account}/authorizations", TERMINAL, f"{A}/authorizations", HOLD),
    Step(
        "POST /accounts/{account}/authorizations/{id}/increments",
        TERMINAL,
        f"{A}/authorizations/h/increments",
        {"id": "i", "amount": 1},
    ),
    Step(
        "POST /accounts/{account}/authorizations/{id}/captures",
        OPERATOR,
        f"{A}/authorizations/h/captures",
        {"id": "c", "amount": 2},
    ),
    Step(
        "POST /accounts/{account}/authorizations/{id}/refunds",
        CARE,
        f"{A}/authorizations/h/refunds",
        {"id": "f", "amount": 1},
    ),
    Step(
        "POST /accounts/{account}/authorizations/{id}/reversals",
        TERMINAL,
        f"{A}/authorizations/h/reversals",
        {"id": "r"},
    ),
    Step(
        "POST /accounts/{account}/adjustments",
        OPERATOR,
        f"{A}/adjustments",
        {"id": "j", "wallet": "CASH", "amount": 1, "reason": "count"},
    ),
    Step("PUT /accounts/{account}/limits/{name}", OPERATOR, f"{A}/limits/l", LIMIT),
    Step("DELETE /accounts/{account}/limits/{name}", OPERATOR, f"{A}/limits/l"),
    Step("PUT /limits/{name}", OPERATOR, "/limits/l", LIMIT),
    Step("DELETE /limits/{name}", OPERATOR, "/limits/l"),
    Step(
        "PUT /accounts/{account}/status",
        OPERATOR,
        f"{A}/status",
        {"status": "frozen", "reason": "asked for"},
    ),
    Step(
        "PUT /accounts/{account}/status",
        OPERATOR,
        f"{A}/status",
        {"status": "active", "reason": "asked for"},
    ),
    Step(
        "PUT /clientes/{cliente_id}",
        CARE,
        "/clientes/c",
        customer("c", card("k1"), card("k2"), card("k3")),
    ),
    Step("GET /cartoes/{cartao_id}/limite", CARE, "/cartoes/k1/limite"),
    Step(
        "PUT /cartoes/{cartao_id}/limite",
        CARE,
        "/cartoes/k1/limite",
        {"limite_total": 5, **CHANNEL},
    ),
    Step("PUT /cartoes/{cartao_id}/controles", CARE, "/cartoes/k1/controles", {"valor_maximo": 9}),
    Step(
        "POST /cartoes/{cartao_id}/bloqueio",
        CARE,
        "/cartoes/k1/bloqueio",
        {"motivo": "em_analise", **CHANNEL},
    ),
    Step(
        "POST /cartoes/{cartao_id}/bloqueio",
        CARE,
        "/cartoes/k2/bloqueio",
        {"motivo": "roubo", "chamado": {}, **CHANNEL},
    ),
    Step(
        "POST /cartoes/{cartao_id}/desbloqueio",
        CARE,
        "/cartoes/k1/desbloqueio",
        {"justificativa": "j", **CHANNEL},
    ),
    Step(
        "POST /cartoes/{cartao_id}/substituicao",
        CARE,
        "/cartoes/k3/substituicao",
        {"motivo": "danificado", **CHANNEL},
    ),
    Step("POST /clientes/{cliente_id}/chamados", CARE, "/clientes/c/chamados", TICKET),
    Step(
        "POST /chamados/{protocolo}/atendimento",
        CARE,
        "/chamados/{protocolo}/atendimento",
        {"atendente": "Bia", **CHANNEL},
    ),
    Step("POST /chamados/{protocolo}/interacoes", CARE, "/chamados/{protocolo}/interacoes", SAID),
    Step(
        "POST /chamados/{protocolo}/espera",
        CARE,
        "/chamados/{protocolo}/espera",
        {"atendente": "Bia", "mensagem": "m", **CHANNEL},
    ),
    Step(
        "POST /chamados/{protocolo}/prioridade",
        CARE,
        "/chamados/{protocolo}/prioridade",
        {"prioridade": "alta", **CHANNEL},
    ),
    Step(
        "POST /chamados/{protocolo}/resolucao",
        CARE,
        "/chamados/{protocolo}/resolucao",
        {"atendente": "Bia", "resolucao": "r", **CHANNEL},
    ),
    Step(
        "POST /chamados/{protocolo}/reabertura",
        CARE,
        "/chamados/{protocolo}/reabertura",
        {"motivo": "m", **CHANNEL},
    ),
    Step(
        "POST /chamados/{protocolo}/resolucao",
        CARE,
        "/chamados/{protocolo}/resolucao",
        {"atendente": "Bia", "resolucao": "r", **CHANNEL},
    ),
    Step(
        "POST /chamados/{protocolo}/fechamento", CARE, "/chamados/{protocolo}/fechamento", CHANNEL
    ),
    Step("DELETE /clientes/{cliente_id}/dados-pessoais", SUPERVISOR, "/clientes/c/dados-pessoais"),
)
"""In an order in which each is allowed, so that each leaves events."""


class Done(NamedTuple):
    """What a step brought about."""

    step: Step
    answer: Answer
    events: list[dict[str, Any]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str]]]:
    server = Server(tmp_path_factory.mktemp("who"), PATIENT)
    keys = key_per_role(server)
    try:
        yield server.start(), keys
    finally:
        server.end()


DECLARED = {f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS}


@pytest.fixture(scope="module")
def walked(house: tuple[Server, dict[str, str]]) -> list[Done]:
    server, keys = house
    walked, protocol = [], ""
    positions = [position(server)]
    for step in STEPS:
        if step.endpoint not in DECLARED:
            continue
        path = step.path.replace("{protocolo}", protocol)
        client = Client(server.port, key=keys[step.role])
        body = b"" if step.body is None else encode(step.body)
        answer = eventually(client, step.method, path, body)
        if step.endpoint.endswith("/chamados"):
            protocol = answer.json()["protocolo"]
        walked.append((step, answer))
        positions.append(position(server))
    lines = done("inspect", "--data", server.data).splitlines()
    events = {event["position"]: event for event in map(json.loads, lines)}
    return [
        Done(step, answer, [events[at] for at in range(before + 1, after + 1)])
        for (step, answer), before, after in zip(walked, positions, positions[1:], strict=False)
    ]


def eventually(client: Client, method: str, path: str, body: bytes) -> Answer:
    """The answer, once the read models that it rests on have caught up."""
    answers: list[Answer] = []

    def answered() -> bool:
        answers.append(client.send(method, path, body))
        return answers[-1].status != 503

    until(answered)
    return answers[-1]


def position(server: Server) -> int:
    found: int = server.client.get("/health").json()["position"]
    return found


def test_every_step_leaves_events_of_its_caller(
    walked: list[Done], house: tuple[Server, dict[str, str]]
) -> None:
    keys = house[1]
    for step, answer, events in walked:
        assert answer.status in (200, 201, 204), (step, answer)
        assert events, f"{step.endpoint} left nothing in the journal"
        role = step.role
        assert {event["by"] for event in events} == {f"{role}:{id_of(keys[role])}"}, step


def test_no_changing_endpoint_is_left_out() -> None:
    changing = {name for name in DECLARED if not name.startswith("GET ")} - {DRY_RUN}
    assert changing <= {step.endpoint for step in STEPS}


def test_inspect_finds_what_somebody_did(
    walked: list[Done], house: tuple[Server, dict[str, str]]
) -> None:
    server, keys = house
    of_role = dict.fromkeys(keys, 0)
    for step, _, events in walked:
        of_role[step.role] += len(events)
    for role, key in keys.items():
        for who in (role, id_of(key), f"{role}:{id_of(key)}"):
            found = done("inspect", "--by", who, "--data", server.data).splitlines()
            assert len(found) == of_role[role], who
    assert done("inspect", "--by", "local", "--data", server.data) == ""
