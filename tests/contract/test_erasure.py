"""A person is forgotten: in no byte on the disk, in no answer; and nothing else is lost."""

from __future__ import annotations

import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy.vault import Vault, read_keys
from authorizer.persistence.verification.data_folder import verify
from tests.support.client import Answer, Client, path_of
from tests.support.command_line import done
from tests.support.documents import Document, card, customer, purchase
from tests.support.fixtures import V1
from tests.support.leaks import leaks, opened
from tests.support.server import ALONE, PATIENT, Server, ServerEnded

"""A server without the process of the reports, which takes its time to start and end."""

ID, OTHER = "cliente-7", "cliente-8"
NAME = "Eufrásia Quitéria Zumbíria"
CPF = "987.654.321-00"
PHONE = "+55 21 99876-5432"
EMAIL = "eufrasia.quiteria@exemplo.com.br"
TEXTS = {
    "assunto": "minha geladeira violeta",
    "descricao": "o débito da lancheria não é meu",
    "mensagem": "respondo pelo telefone da vizinha",
    "resolucao": "estornado para a conta da mãe",
    "motivo": "voltou a aparecer o débito estranho",
    "justificativa": "reconheci a voz da cliente",
    "historico": "conferido com a certidão antiga",
}
SECRETS = [
    NAME,
    "Eufrásia",
    "Eufrasia",
    "Quitéria",
    "Zumbíria",
    CPF,
    "98765432100",
    PHONE,
    "5521998765432",
    "21998765432",
    "99876-5432",
    EMAIL,
    *TEXTS.values(),
]


@dataclass
class Told:
    """What was answered before the erasure, and stands after it."""

    server: Server
    before: Path
    """A copy of the data folder from before, without the keys."""
    opened_before: str
    """What the keys opened in the data folder before."""
    account: Document
    card: Document
    protocol: str
    answer: Answer


def person(customer_id: str, **more: Any) -> Document:
    cards = [card(f"{customer_id}-k1"), card(f"{customer_id}-k2")]
    return customer(customer_id, *cards, **more)


def live(client: Client) -> str:
    """A customer's life, so that the data is wherever it can be; gives a ticket's protocol."""
    line = {"tipo": "desbloqueio", "cartao_id": f"{ID}-k1", "data": "2025-02-24T15:30:00Z",
            "justificativa": TEXTS["historico"], "canal": "Chat"}  # fmt: skip
    document = person(
        ID, nome=NAME, cpf=CPF, telefone=PHONE, email=EMAIL, historico_operacoes=[line]
    )
    done_(client.put_customer(document))
    done_(client.put_customer(document | {"nome": f"{NAME} Filha"}))
    done_(client.put_customer(person(OTHER)))
    done_(client.post(path_of("accounts", ID, "credits"),
                      {"id": "c", "category": "CASH", "amount": 100}))  # fmt: skip
    assert client.authorize(purchase(ID, "10.00", id="p1")).code == "00"
    block = {"motivo": "em_analise", "canal": "App"}
    done_(client.post(path_of("cartoes", f"{ID}-k1", "bloqueio"), block))
    unblock = {"canal": "Chat", "justificativa": TEXTS["justificativa"]}
    done_(client.post(path_of("cartoes", f"{ID}-k1", "desbloqueio"), unblock))
    ticket = {"assunto": TEXTS["assunto"], "descricao": TEXTS["descricao"],
              "categoria": "fatura", "canal": "App"}  # fmt: skip
    protocol = str(
        done_(client.post(path_of("clientes", ID, "chamados"), ticket)).json()["protocolo"]
    )
    said = {"autor": "cliente", "nome": NAME, "canal": "App", "mensagem": TEXTS["mensagem"]}
    done_(client.post(path_of("chamados", protocol, "interacoes"), said))
    solved = {"atendente": "Ana", "resolucao": TEXTS["resolucao"], "canal": "Chat"}
    done_(client.post(path_of("chamados", protocol, "resolucao"), solved))
    again = {"motivo": TEXTS["motivo"], "canal": "App"}
    done_(client.post(path_of("chamados", protocol, "reabertura"), again))
    return protocol


def done_(answer: Answer) -> Answer:
    assert answer.status in {200, 201, 204}, answer
    return answer


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("erasure")
    server = Server(folder, (*ALONE, "--log-level", "debug"))
    try:
        client = server.start().client
        protocol = live(client)
        server.stop()  # which takes a snapshot
        before = folder / "before"
        shutil.copytree(server.data, before, ignore=shutil.ignore_patterns("keys"))
        texts = opened(server.data, read_keys(LocalDisk(server.data), "keys"), [ID])
        server.flags = (*PATIENT, "--log-level", "debug")
        client = server.start().client
        done_(client.get(path_of("clientes", ID, "interacoes")))
        account = client.get(path_of("accounts", ID)).json()
        card_before = client.card(f"{ID}-k1")
        answer = client.delete(path_of("clientes", ID, "dados-pessoais"))
        yield Told(server, before, texts, account, card_before, protocol, answer)
    finally:
        server.end()


def test_the_erasure_is_answered_204_again_and_again(told: Told) -> None:
    assert (told.answer.status, told.answer.body) == (204, b"")
    again = told.server.client.delete(path_of("clientes", ID, "dados-pessoais"))
    assert (again.status, again.body) == (204, b"")


def test_the_person_is_gone(told: Told) -> None:
    client = told.server.client
    for answer in (
        client.get(path_of("clientes", ID)),
        client.get(path_of("clientes", ID, "dados-pessoais")),
        client.put_customer(person(ID)),
        client.post(
            path_of("clientes", ID, "chamados"),
            {"assunto": "a", "descricao": "b", "categoria": "c", "canal": "d"},
        ),
        client.post(
            path_of("chamados", told.protocol, "interacoes"),
            {"autor": "robo", "canal": "d", "mensagem": "x"},
        ),
    ):
        assert answer.status == 410, answer
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == 410


@pytest.mark.parametrize(
    "query", [{"nome": "eufr"}, {"cpf": "987"}, {"telefone": "2199"}, {"email": "eufr"}, {}]
)
def test_no_search_finds_them(told: Told, query: dict[str, str]) -> None:
    found = told.server.client.get("/clientes", **query).json()["clientes"]
    assert [each["cliente_id"] for each in found] == ([] if query else [OTHER])


def test_what_a_ticket_said_is_null_and_the_ticket_is_there(told: Told) -> None:
    ticket = told.server.client.get(path_of("chamados", told.protocol)).json()
    assert ticket["status"] == "reaberto"
    assert (ticket["assunto"], ticket["descricao"], ticket["resolucao"]) == (None, None, None)
    assert [line["mensagem"] for line in ticket["interacoes"]] == [None] * len(ticket["interacoes"])


def test_money_and_cards_stay_and_go_on(told: Told) -> None:
    client = told.server.client
    assert client.get(path_of("accounts", ID)).json() == told.account
    assert client.card(f"{ID}-k1") == told.card
    assert client.authorize(purchase(ID, "10.00", id="p1")).replayed
    block = {"motivo": "em_analise", "canal": "App"}
    assert client.post(path_of("cartoes", f"{ID}-k2", "bloqueio"), block).status == 200
    unblock = {"canal": "Chat", "justificativa": "another text about a person"}
    assert client.post(path_of("cartoes", f"{ID}-k2", "desbloqueio"), unblock).status == 410
    assert client.get(path_of("cartoes", f"{ID}-k1", "limite")).status == 200


def test_nobody_else_is_touched(told: Told) -> None:
    assert told.server.client.customer(OTHER)["nome"] == "Maria Souza"


def test_the_search_would_have_found_it_all(told: Told, tmp_path: Path) -> None:
    """Before, the keys opened it all; and whatever form it is planted in, it is found."""
    for secret in (NAME, CPF, PHONE, EMAIL, *TEXTS.values()):
        assert secret in told.opened_before
    for secret in SECRETS:
        for number, data in enumerate(planted(secret)):
            place = tmp_path / "planted" / f"{number}"
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(b"\x00\xff" * 50 + data + b"\xfe" * 50)
            assert leaks(place.parent, [secret]), (secret, number)
            place.unlink()


def planted(secret: str) -> list[bytes]:
    escaped = "".join(c if c.isascii() else f"\\u{ord(c):04X}" for c in secret)
    return [
        secret.encode(),
        secret.upper().encode(),
        secret.encode("utf-16-le"),
        secret.encode("utf-16-be"),
        escaped.encode(),
        secret.encode().hex().encode(),
        *(b64encode(b"x" * shift + secret.encode() + b"yz") for shift in range(3)),
    ]


def test_no_byte_on_the_disk_gives_it_back(told: Told, tmp_path: Path) -> None:
    """Journal, snapshots, reports, keys, logs, and copies made before and after."""
    server = told.server
    assert leaks(server.data, SECRETS) == []
    names = {path.relative_to(server.data).parts[0] for path in server.data.rglob("*")}
    assert {"journal", "keys", "snapshots", "reports"} <= names
    keys = read_keys(LocalDisk(server.data), "keys")
    after = tmp_path / "after"
    shutil.copytree(server.data, after)
    for folder in (server.data, after, told.before):
        assert leaks(folder, SECRETS) == []
        assert not any(secret in opened(folder, keys, [ID, OTHER]) for secret in SECRETS)
    assert server.log_path.stat().st_size > 0
    assert leaks_in_file(server.log_path) == []


def leaks_in_file(path: Path) -> list[str]:
    return [line for line in leaks(path.parent, SECRETS) if line.startswith(path.name)]


def test_the_journal_is_whole_and_so_is_every_start_from_it(told: Told, tmp_path: Path) -> None:
    """With snapshots and without, the old ones included; who is forgotten stays so."""
    data = tmp_path / "copy" / "data"
    shutil.copytree(told.server.data, data)
    assert not verify(LocalDisk(data)).problems
    assert "result        whole" in done("verify", "--data", data)
    done("replay", "--data", data)
    for without in ((), ("snapshots",)):
        for name in without:
            shutil.rmtree(data / name)
        server = Server(data.parent, ALONE)
        try:
            client = server.start().client
            assert client.get(path_of("clientes", ID)).status == 410
            assert client.customer(OTHER)["nome"] == "Maria Souza"
            assert (
                client.get(path_of("accounts", ID)).json()["balances"] == told.account["balances"]
            )
            assert leaks(data, SECRETS) == []
        finally:
            server.end()


def test_the_keys_of_the_forgotten_do_not_come_back_with_a_backup(
    told: Told, tmp_path: Path
) -> None:
    """A key that is put back, or that a crash left, is destroyed at the next start."""
    data = tmp_path / "copy" / "data"
    shutil.copytree(told.server.data, data)
    vault = Vault(LocalDisk(data), "keys")
    vault.create([ID])
    vault.close()
    assert read_keys(LocalDisk(data), "keys").has_key(ID)
    server = Server(data.parent, ALONE)
    try:
        server.start()
        assert not read_keys(LocalDisk(data), "keys").has_key(ID)
        assert server.logs("keys of erased customers destroyed")
    finally:
        server.end()


def test_lost_keys_are_told_and_nothing_crashes(told: Told, tmp_path: Path) -> None:
    """Who was not erased is unavailable; new people are taken in; money goes on."""
    data = tmp_path / "copy" / "data"
    shutil.copytree(told.server.data, data)
    shutil.rmtree(data / "keys")
    server = Server(data.parent, ALONE)
    try:
        client = server.start().client
        assert client.get(path_of("clientes", OTHER)).status == 503
        assert client.put_customer(person(OTHER)).status == 503
        assert client.get(path_of("clientes", ID)).status == 410
        assert client.get(path_of("accounts", OTHER)).status == 200
        assert client.put_customer(person("new")).status == 201
        found = client.get("/clientes").json()["clientes"]
        assert [each["cliente_id"] for each in found] == ["new"]
        assert server.logs("keys of personal data are missing")
        assert client.delete(path_of("clientes", OTHER, "dados-pessoais")).status == 204
        assert client.get(path_of("clientes", OTHER)).status == 410
    finally:
        server.end()


def test_a_kill_amid_erasures_leaves_each_person_whole_or_gone(tmp_path: Path) -> None:
    """Whoever was told of the erasure is gone; of the others everything is there, or nothing."""
    server = Server(tmp_path, ALONE)
    names = {f"p{number}": f"Pessoa Apagada{number:04d}" for number in range(40)}
    answered: list[str] = []
    try:
        client = server.start().client
        for customer_id, name in names.items():
            done_(client.put_customer(customer(customer_id, nome=name)))

        def erase(customer_id: str) -> None:
            with suppress(OSError, HTTPException):
                done_(client.delete(path_of("clientes", customer_id, "dados-pessoais")))
                answered.append(customer_id)

        with ThreadPoolExecutor(8) as threads:
            asked = [threads.submit(erase, customer_id) for customer_id in names]
            wait(asked[:20], return_when=FIRST_COMPLETED)
            server.kill()
            wait(asked)
        client = server.start().client
        keys = read_keys(LocalDisk(server.data), "keys")
        gone = set()
        for customer_id, name in names.items():
            answer = client.get(path_of("clientes", customer_id))
            if answer.status == 200:
                assert answer.json()["nome"] == name
            else:
                assert answer.status == 410
                gone.add(customer_id)
                assert not keys.has_key(customer_id)
        assert gone >= set(answered)
        assert gone
        assert leaks(server.data, [names[customer_id] for customer_id in gone]) == []
    finally:
        server.end()


def test_who_never_was_cannot_be_erased(told: Told) -> None:
    answer = told.server.client.delete(path_of("clientes", "nobody", "dados-pessoais"))
    assert answer.status == 404


def test_who_was_journaled_before_texts_were_sealed_cannot_be_erased(tmp_path: Path) -> None:
    """It says so, and goes on as before."""
    server = Server(tmp_path, ALONE)
    shutil.copytree(V1, server.data)
    try:
        client = server.start().client
        assert client.customer("777")["telefone"] == "+55 11 9"
        answer = client.delete(path_of("clientes", "777", "dados-pessoais"))
        assert answer.status == 409
        assert "before it was encrypted" in answer.json()["detail"]
        assert client.customer("777")["nome"] == "João"
        found = client.get("/clientes", nome="joao").json()["clientes"]
        assert [each["cliente_id"] for each in found] == ["777"]
        ticket = {"assunto": "a", "descricao": "uma frase", "categoria": "c", "canal": "d"}
        done_(client.post(path_of("clientes", "777", "chamados"), ticket))
        assert leaks(server.data, ["uma frase"]) == []
    finally:
        server.end()


def test_the_keys_may_be_in_a_folder_of_their_own(tmp_path: Path) -> None:
    keys = tmp_path / "elsewhere" / "keys"
    server = Server(tmp_path / "own", (*ALONE, "--personal-keys", str(keys)))
    other = Server(tmp_path / "second", (*ALONE, "--personal-keys", str(keys)))
    try:
        client = server.start().client
        done_(client.put_customer(person(ID, nome=NAME)))
        server.kill()
        assert not (server.data / "keys").exists()
        assert client.port
        assert server.start().client.customer(ID)["nome"] == NAME
        assert read_keys(LocalDisk(keys), ".").has_key(ID)
        with pytest.raises(ServerEnded, match="in use by another process"):
            other.start()
    finally:
        other.end()
        server.end()


@pytest.mark.parametrize("way", ["resolucao", "fechamento"])
@pytest.mark.parametrize("held", [False, True])
def test_an_open_ticket_of_an_erased_customer_ends_without_a_text(
    client: Client, new_id: Callable[[], str], way: str, held: bool
) -> None:
    customer_id = new_id()
    done_(client.put_customer(customer(customer_id)))
    ticket = {"assunto": "a", "descricao": "d", "categoria": "c", "canal": "App"}
    path = path_of("clientes", customer_id, "chamados")
    protocol = done_(client.post(path, ticket)).json()["protocolo"]

    def step(name: str, **more: str) -> Answer:
        return client.post(path_of("chamados", protocol, name), {"canal": "App", **more})

    assert step("resolucao", atendente="Ana").status == 422, "before, it takes a text"
    assert step("fechamento").status == 409, "and a resolution"
    if held:
        done_(step("espera", atendente="Bia"))
    done_(client.delete(path_of("clientes", customer_id, "dados-pessoais")))
    assert step("resolucao", atendente="Ana", resolucao="feito").status == 410
    if way == "resolucao":
        resolved = done_(step("resolucao", atendente="Ana")).json()
        assert (resolved["status"], resolved["atendente"]) == ("resolvido", "Ana")
        assert "resolucao" not in resolved
    closed = done_(step("fechamento")).json()
    assert closed["status"] == "fechado"
    assert {"resolvido_em", "fechado_em"} < closed.keys()
    assert step("fechamento").status == 409
    listed = client.get("/chamados", cliente_id=customer_id).json()["chamados"]
    assert [one["status"] for one in listed] == ["fechado"]
    contacts = client.get(path_of("clientes", customer_id, "interacoes")).json()["interacoes"]
    assert [one["tipo"] for one in contacts[:2]] == ["fechamento", "resolucao"]
