"""The JSON in the pages of the interface: a request is taken, an answer has what is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.support.client import Answer, Client
from tests.support.server import PATIENT, PROJECT, running

TEXT: Final = "".join(
    (PROJECT / "docs" / page).read_text(encoding="utf-8")
    for page in ("authorizer.md", "customer-care.md")
)
BLOCKS: Final = re.findall(r"^```(?:json)?\n(\{.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


seen: set[str] = set()
"""The blocks that were tried."""


def example(heading: str, number: int = 0) -> Any:
    """The JSON block of a section, counted from its heading on."""
    behind = TEXT[TEXT.index(f"\n{heading}") :]
    found = re.findall(r"^```(?:json)?\n(\{.*?)^```$", behind, re.DOTALL | re.MULTILINE)
    seen.add(found[number])
    return json.loads(found[number])


def same_members(shown: Any, got: Any, where: str = "") -> None:
    """Whether a document has exactly the members of another, at every depth."""
    if isinstance(shown, dict):
        assert isinstance(got, dict), where
        assert shown.keys() == got.keys(), where
        for name, value in shown.items():
            same_members(value, got[name], f"{where}.{name}")
    elif isinstance(shown, list) and shown:
        assert isinstance(got, list), where
        assert got, where
        same_members(shown[0], got[0], f"{where}[0]")
    elif shown is not None and got is not None:
        assert isinstance(got, type(shown)) or (type(shown), type(got)) <= (int, float), where


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with running(tmp_path_factory.mktemp("examples"), *PATIENT) as server:
        yield server.client


def taken(answer: Answer, status: int) -> Any:
    assert answer.status == status, answer
    return json.loads(answer.body)


def test_every_example(client: Client) -> None:
    account = "### `PUT /accounts/{account}`"
    assert taken(client.put("/accounts/123", example(account)), 201)
    same_members(example(account, 1), taken(client.get("/accounts/123"), 200))

    purchase = {**example("## Transactions"), "totalAmount": 10, "id": "first"}
    assert client.authorize(purchase).reason == "approved"
    credit = example("### `POST /accounts/{account}/credits`")
    assert taken(client.post("/accounts/123/credits", credit), 201)
    statement = example("### `GET /accounts/{account}/transactions")
    got = taken(client.get("/accounts/123/transactions"), 200)
    for number, line in enumerate(statement["transactions"]):
        same_members(line, got["transactions"][number])
    assert statement.keys() == got.keys()

    customer = example("### `PUT /clientes/{cliente_id}`")
    document = taken(client.put("/clientes/12345", customer), 201)
    same_members(customer, document)
    search = taken(client.get("/clientes?telefone=31987654321"), 200)
    same_members(example("### `GET /clientes?cpf="), search)

    opening = example("### `POST /clientes/{cliente_id}/chamados`")
    ticket = taken(client.post("/clientes/12345/chamados", opening), 201)
    said = {"autor": "atendente", "nome": "Ana", "canal": "Chat", "mensagem": "…"}
    path = f"/chamados/{ticket['protocolo']}"
    assert taken(client.post(f"{path}/interacoes", said), 201)
    shown = example("### `POST /clientes/{cliente_id}/chamados`", 1)
    same_members(shown, taken(client.get(path), 200))
    contact = example("### `GET /clientes/{cliente_id}/interacoes")
    contacts = taken(client.get("/clientes/12345/interacoes"), 200)["interacoes"]
    (interaction,) = (one for one in contacts if one["tipo"] == "interacao")
    same_members(contact, {name: interaction[name] for name in interaction if name in contact})

    access = example("### `GET /clientes/{cliente_id}/acessos")
    accesses = taken(client.get("/clientes/12345/acessos"), 200)["acessos"]
    same_members({name: access[name] for name in access.keys() - {"papel", "chave"}}, accesses[0])

    replacement = example("### `POST /cartoes/{cartao_id}/substituicao`")
    assert taken(client.post("/cartoes/123987654/substituicao", replacement), 201)
    block = example("### A block that brings its ticket")
    blocked = taken(client.post(f"/cartoes/{replacement['cartao_id']}/bloqueio", block), 200)
    assert blocked["protocolo"]

    service = example("### `GET /relatorios/atendimento")
    same_members(service, taken(client.get("/relatorios/atendimento"), 200))
    sums = example("### `GET /relatorios/transacoes")
    same_members(sums, taken(client.get("/relatorios/transacoes?agrupar=carteira"), 200))
    done = example("### `GET /relatorios/transacoes", 1)
    same_members(done, taken(client.get("/relatorios/transacoes"), 200))
    same_members(example("### `GET /health`"), taken(client.get("/health"), 200))

    unknown = example("**Errors**")
    assert unknown == taken(client.get("/cartoes/abc"), 404)
    assert set(BLOCKS) == seen, "an example that nobody tries"


def test_errors_lists_all_that_is_wrong_by_itself_and_then_the_rest(client: Client) -> None:
    wrong = {"cliente_id": "another", "nome": "", "cpf": "1", "zzz": 1,
             "cartoes": [{"cartao_id": "a", "numero_mascarado": "*", "bandeira": "Visa",
                          "status": "bloqueado"}]}  # fmt: skip
    fields = [one["field"] for one in taken(client.put("/clientes/1", wrong), 422)["errors"]]
    assert fields == ["nome", "cpf", "cartoes.0", "zzz"]
    right = {"cliente_id": "another", "nome": "A", "cpf": "12345678900"}
    fields = [one["field"] for one in taken(client.put("/clientes/1", right), 422)["errors"]]
    assert fields == ["cliente_id"]
    answer = client.get("/relatorios/transacoes?de=2026-01-02&ate=2026-01-01&agrupar=x&y=1")
    assert [one["field"] for one in taken(answer, 422)["errors"]] == ["y", "agrupar"]
