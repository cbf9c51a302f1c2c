"""Customer care, told as its document tells it: clientes, contatos, chamados and their resolutions.

Each chapter is a customer of the seed who calls; a kill -9 comes between the chapters.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.documents import Document, decode_spelled, money
from tests.support.server import PATIENT, Server, running

SEED = Path(__file__).with_name("seed-customer.json")
CLIENTE, CARTAO_ATIVO = "12345", "123987654"


@pytest.fixture
def servidor(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path, *PATIENT) as one:
        assert one.client.send("PUT", f"/clientes/{CLIENTE}", SEED.read_bytes()).status == 201
        yield one


def depois_de_kill_9(servidor: Server) -> Client:
    servidor.kill()
    return servidor.start().client


class Chamado:
    """A ticket at the desk; what is asked of it must hold."""

    def __init__(self, client: Client, **campos: object) -> None:
        self.client = client
        aberto = client.post(f"/clientes/{CLIENTE}/chamados", campos)
        assert aberto.status == 201, aberto
        self.aberto: Document = aberto.json()
        self.protocolo: str = self.aberto["protocolo"]

    def _pede(self, passo: str, status: int, **campos: object) -> Document:
        answer = self.client.post(f"/chamados/{self.protocolo}/{passo}", campos)
        assert answer.status == status, answer
        document: Document = answer.json()
        return document

    def interacao(self, autor: str, mensagem: str, **campos: object) -> Document:
        return self._pede("interacoes", 201, autor=autor, mensagem=mensagem, **campos)

    def espera(self, mensagem: str) -> Document:
        return self._pede("espera", 200, canal="Chat", mensagem=mensagem, atendente="Ana")

    def resolucao(self, resolucao: str, atendente: str = "Ana") -> Document:
        return self._pede("resolucao", 200, canal="Chat", atendente=atendente, resolucao=resolucao)

    def reabertura(self, motivo: str) -> Document:
        return self._pede("reabertura", 200, canal="App Mobile", motivo=motivo)

    def fechamento(self) -> Document:
        return self._pede("fechamento", 200, canal="Sistema")

    def documento(self) -> Document:
        answer = self.client.get(f"/chamados/{self.protocolo}")
        assert answer.status == 200, answer
        document: Document = answer.json()
        return document


def test_o_documento_entra_e_sai_e_as_duas_operacoes_repetem_o_seu_historico(
    servidor: Server,
) -> None:
    """Field for field. Then block for roubo and limit query from the App Mobile, of the other card.

    The history tells them in the same words as those that the document brought.
    """
    seed = decode_spelled(SEED.read_bytes())
    antes = seed["historico_operacoes"]
    client = servidor.client
    assert client.get(f"/clientes/{CLIENTE}").spelled() == seed

    bloqueio = client.post(
        f"/cartoes/{CARTAO_ATIVO}/bloqueio", {"motivo": "roubo", "canal": "App Mobile"}
    )
    assert (bloqueio.status, bloqueio.json()["status"]) == (200, "bloqueado")
    limite = client.get(f"/cartoes/{CARTAO_ATIVO}/limite", canal="App Mobile")
    assert limite.status == 200
    assert {nome: limite.spelled()[nome] for nome in limite.spelled() if "limite" in nome} == {
        "limite_total": money("7000.00"),
        "limite_utilizado": money("2500.00"),
        "limite_disponivel": money("4500.00"),
    }

    client = depois_de_kill_9(servidor)
    historico = client.get(f"/clientes/{CLIENTE}").spelled()["historico_operacoes"]
    assert historico[:2] == antes
    assert [_sem_data(linha) for linha in historico[2:]] == [
        _sem_data(antes[0]) | {"cartao_id": CARTAO_ATIVO},
        _sem_data(antes[1]) | {"cartao_id": CARTAO_ATIVO, "limite_disponivel": money("4500.00")},
    ]


def _sem_data(linha: dict[str, Any]) -> dict[str, Any]:
    return {nome: valor for nome, valor in linha.items() if nome != "data"}


def test_a_vida_inteira_de_um_chamado(servidor: Server) -> None:
    """From aberto to fechado, reopened once, with every word that was said.

    aberto → em_atendimento → aguardando_cliente → em_atendimento → resolvido → reaberto →
    resolvido → fechado. A kill -9 loses nothing of it.
    """
    chamado = Chamado(
        servidor.client,
        assunto="Compra que não fiz",
        descricao="Apareceu uma compra de R$ 300,00 que não reconheço.",
        categoria="contestação",
        canal="App Mobile",
        prioridade="alta",
        cartao_id=CARTAO_ATIVO,
    )
    assert chamado.aberto["status"] == "aberto"
    assert chamado.aberto["cliente_id"] == CLIENTE

    robo = chamado.interacao("robo", "Olá! Já vamos atender.", canal="App Mobile")
    assert robo["status"] == "aberto", "a bot does not attend"
    assert "primeira_resposta_em" not in robo

    resposta = chamado.interacao("atendente", "Sou a Ana, vou ver.", canal="Chat", nome="Ana")
    assert (resposta["status"], resposta["atendente"]) == ("em_atendimento", "Ana")
    assert resposta["primeira_resposta_em"] == resposta["interacoes"][-1]["data"]

    nota = chamado.interacao("atendente", "Parece clonagem.", canal="Chat", publica=False)
    assert nota["interacoes"][-1]["publica"] is False

    espera = chamado.espera("Pode enviar a fatura?")
    assert (espera["status"], espera["sla"]["resolucao_ate"]) == ("aguardando_cliente", None)

    chamado.client = depois_de_kill_9(servidor)
    assert chamado.documento() == espera

    volta = chamado.interacao("cliente", "Enviei agora.", canal="App Mobile", nome="Leonardo")
    assert volta["status"] == "em_atendimento"
    assert volta["sla"]["resolucao_ate"] is not None

    resolvido = chamado.resolucao("Compra estornada.")
    assert (resolvido["status"], resolvido["resolucao"]) == ("resolvido", "Compra estornada.")

    reaberto = chamado.reabertura("O estorno não apareceu.")
    assert (reaberto["status"], reaberto["reaberturas"]) == ("reaberto", 1)
    assert reaberto["motivo_reabertura"] == "O estorno não apareceu."

    de_novo = chamado.resolucao("Estorno lançado na fatura de março.", atendente="Rui")
    assert de_novo["atendente"] == "Rui"
    fechado = chamado.fechamento()
    assert fechado["status"] == "fechado"
    for passo, campos in (
        ("reabertura", {"motivo": "?", "canal": "Chat"}),
        ("interacoes", {"autor": "cliente", "mensagem": "?", "canal": "Chat"}),
    ):
        answer = chamado.client.post(f"/chamados/{chamado.protocolo}/{passo}", campos)
        assert answer.status == 409
        assert "fechado" in answer.json()["detail"]

    chamado.client = depois_de_kill_9(servidor)
    depois = chamado.documento()
    assert depois == fechado
    assert depois["primeira_resposta_em"] == resposta["primeira_resposta_em"]
    assert [(um["autor"], um["mensagem"]) for um in depois["interacoes"]] == [
        ("robo", "Olá! Já vamos atender."),
        ("atendente", "Sou a Ana, vou ver."),
        ("atendente", "Parece clonagem."),
        ("atendente", "Pode enviar a fatura?"),
        ("cliente", "Enviei agora."),
    ]


def test_o_bloqueio_abre_e_resolve_o_seu_chamado(servidor: Server) -> None:
    """One call over the phone: the card is blocked, and the contact is on record."""
    client = servidor.client
    chamado = {"assunto": "Cartão furtado", "atendente": "Ana", "resolucao": "Bloqueado."}
    bloqueio = client.post(
        f"/cartoes/{CARTAO_ATIVO}/bloqueio",
        {"motivo": "furto", "canal": "Central", "chamado": chamado},
    )
    assert bloqueio.status == 200
    protocolo = bloqueio.json()["protocolo"]

    client = depois_de_kill_9(servidor)
    assert client.card(CARTAO_ATIVO)["motivo_bloqueio"] == "furto"
    documento = client.get(f"/chamados/{protocolo}").json()
    assert (documento["status"], documento["cartao_id"]) == ("resolvido", CARTAO_ATIVO)
    proximo = Chamado(
        client, assunto="Segunda via", descricao="Quero outro.", categoria="cartão", canal="App"
    )
    assert int(proximo.protocolo[8:]) == int(protocolo[8:]) + 1, "no number is given twice"
