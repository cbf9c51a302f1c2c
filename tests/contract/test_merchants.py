"""Merchant overrides: a registered name beats the MCC of the transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.client import Client
from tests.support.documents import Document, purchase
from tests.support.server import ALONE, MakeServer

NewId = Callable[[], str]
Register = Callable[[str, str], int]


@pytest.fixture
def register(client: Client) -> Iterator[Register]:
    """Registers a name for an MCC, gives the status, and removes the name when the test ends."""
    names: list[str] = []

    def put(name: str, mcc: str) -> int:
        names.append(name)
        return client.put("/merchants", {"name": name, "mcc": mcc}).status

    yield put
    for name in names:
        client.delete("/merchants", name=name)


@pytest.fixture
def pays(client: Client, new_id: NewId) -> Callable[..., str]:
    """Which wallet pays for a purchase at this merchant; without an override it is CASH."""

    def wallet(merchant: str, mcc: str = "9999") -> str:
        account = client.open_account(new_id(), FOOD="10.00", MEAL="10.00", CASH="10.00")
        transaction = purchase(account, "10.00", mcc=mcc, merchant=merchant)
        assert client.authorize(transaction).code == "00"
        [name] = [name for name, text in client.balances(account).items() if text == "0.00"]
        return name

    return wallet


def registered(client: Client) -> dict[str, str]:
    answer = client.get("/merchants")
    assert answer.status == 200
    entries: list[Document] = answer.json()
    return {entry["name"]: entry["mcc"] for entry in entries}


def test_a_merchant_is_registered_listed_and_removed(client: Client, register: Register) -> None:
    name = "UBER EATS                   RECIFE BR"
    assert register(name, "5812") == 201
    assert registered(client)[name] == "5812"
    assert client.delete("/merchants", name=name).status == 204
    assert name not in registered(client)
    assert client.delete("/merchants", name=name).status == 404


def test_the_name_beats_the_mcc(register: Register, pays: Callable[..., str]) -> None:
    register("MERCADINHO DO BAIRRO        RECIFE BR", "5411")
    assert pays("MERCADINHO DO BAIRRO        RECIFE BR", "5811") == "FOOD"
    assert pays("MERCADINHO DO BAIRRO        OLINDA BR", "5811") == "MEAL"


def test_an_override_to_an_unlisted_mcc_pays_from_cash(
    register: Register, pays: Callable[..., str]
) -> None:
    register("LIVRARIA CENTRAL            RECIFE BR", "5942")
    assert pays("LIVRARIA CENTRAL            RECIFE BR", "5811") == "CASH"


def test_a_removed_override_pays_no_more(
    client: Client, register: Register, pays: Callable[..., str]
) -> None:
    register("FEIRA LIVRE RECIFE BR", "5411")
    assert pays("FEIRA LIVRE RECIFE BR") == "FOOD"
    assert client.delete("/merchants", name="FEIRA LIVRE RECIFE BR").status == 204
    assert pays("FEIRA LIVRE RECIFE BR") == "CASH"


# --- what counts as the same name ------------------------------------------------------------

SAME = [  # spellings of one name
    "AÇOUGUE SÃO JOÃO            RECIFE BR",
    "açougue são joão recife br",
    "ACOUGUE SAO JOAO RECIFE BR",
    "  AÇOUGUE SÃO \u00a0 JOÃO RECIFE BR ",
    "AC\u0327OUGUE SA\u0303O JOA\u0303O RECIFE BR",
    "\uff21ÇOUGUE SÃO JOÃO RECIFE BR",
]


@pytest.mark.parametrize("spelling", [*SAME, "AÇOUGUE\tSÃO JOÃO\u2003RECIFE\nBR"])
def test_case_accents_and_blanks_make_no_difference(
    register: Register, pays: Callable[..., str], spelling: str
) -> None:
    register(SAME[0], "5411")
    assert pays(spelling) == "FOOD"


@pytest.mark.parametrize("spelling", SAME)
def test_names_that_differ_only_so_are_one_entry(
    client: Client, register: Register, pays: Callable[..., str], spelling: str
) -> None:
    assert register(SAME[0], "5411") == 201
    before = registered(client)
    assert register(spelling, "5411") == 200
    assert registered(client) == before
    assert register(spelling, "5812") == 200
    assert pays(SAME[0]) == "MEAL"
    assert len(registered(client)) == len(before)
    assert client.delete("/merchants", name=spelling).status == 204
    assert pays(SAME[0]) == "CASH"


def test_the_whole_descriptor_counts(register: Register, pays: Callable[..., str]) -> None:
    register("PADARIA AURORA              RECIFE BR", "5411")
    assert pays("PADARIA AURORA") == "CASH"
    assert pays("PADARIA AURORA              OLINDA BR") == "CASH"


# --- prefixes --------------------------------------------------------------------------------


def test_a_name_that_ends_in_an_asterisk_is_a_prefix_of_whole_words(
    register: Register, pays: Callable[..., str]
) -> None:
    register("CANTINA*", "5811")
    assert pays("CANTINA DA NONA             RECIFE BR") == "MEAL"
    assert pays("cantina") == "MEAL"
    assert pays("CANTINAS UNIDAS             RECIFE BR") == "CASH"
    assert pays("A CANTINA                   RECIFE BR") == "CASH"


def test_blanks_before_the_asterisk_make_no_difference(
    register: Register, pays: Callable[..., str]
) -> None:
    register("QUITANDA   DO *", "5411")
    assert pays("QUITANDA DO TONHO RECIFE BR") == "FOOD"
    assert pays("QUITANDA DOS ANJOS RECIFE BR") == "CASH"


def test_the_longest_prefix_wins_and_an_exact_name_before_any(
    register: Register, pays: Callable[..., str]
) -> None:
    register("LANCHES*", "5811")
    register("LANCHES DO PORTO*", "5411")
    register("LANCHES DO PORTO RECIFE BR", "5942")
    assert pays("LANCHES DA PRAIA RECIFE BR") == "MEAL"
    assert pays("LANCHES DO PORTO OLINDA BR") == "FOOD"
    assert pays("LANCHES DO PORTO RECIFE BR") == "CASH"


def test_an_asterisk_elsewhere_is_a_plain_character(
    register: Register, pays: Callable[..., str]
) -> None:
    register("PGT*AnaLima               RECIFE BR", "5411")
    assert pays("PGT*AnaLima               RECIFE BR") == "FOOD"
    assert pays("PGTXAnaLima               RECIFE BR") == "CASH"
    assert pays("PGT*AnaLima Souza         RECIFE BR") == "CASH"


# --- wrong requests --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        {"name": "*", "mcc": "5411"},
        {"name": " * ", "mcc": "5411"},
        {"name": "", "mcc": "5411"},
        {"name": "   ", "mcc": "5411"},
        {"name": None, "mcc": "5411"},
        {"name": 5, "mcc": "5411"},
        {"mcc": "5411"},
        {"name": "X"},
        {"name": "X", "mcc": ""},
        {"name": "X", "mcc": " "},
        {"name": "X", "mcc": 5411},
        [],
    ],
)
def test_wrong_fields_are_422_and_register_nothing(client: Client, document: object) -> None:
    before = registered(client)
    assert client.put("/merchants", document).status == 422
    assert registered(client) == before


def test_removing_without_a_name_is_a_client_error(client: Client) -> None:
    assert client.delete("/merchants").status in (400, 422)


# --- pages -----------------------------------------------------------------------------------


def page(client: Client, path: str) -> tuple[list[str], str | None]:
    """The names on a page, and the path of the next one."""
    answer = client.get(path)
    assert answer.status == 200, answer
    link = answer.headers.get("link")
    following = None if link is None else link.removeprefix("<").removesuffix('>; rel="next"')
    return [entry["name"] for entry in answer.json()], following


def test_a_list_has_pages_where_they_are_asked_for(make_server: MakeServer) -> None:
    client = make_server(*ALONE).start().client
    names = [f"LOJA {number}" for number in range(7)]
    for name in names:
        client.put("/merchants", {"name": name, "mcc": "5811"})
    assert page(client, "/merchants") == (names, None)
    first, following = page(client, "/merchants?limite=3")
    assert first == names[:3]
    assert following is not None
    assert page(client, f"/merchants?before={following.partition('before=')[2]}") == (
        names[3:],
        None,
    )
    second, last = page(client, following)
    assert second == names[3:6]
    assert last is not None
    assert page(client, last) == (names[6:], None)


def test_a_page_follows_the_one_before_whatever_was_removed(make_server: MakeServer) -> None:
    client = make_server(*ALONE).start().client
    names = [f"LOJA {number}" for number in range(7)]
    for name in names:
        client.put("/merchants", {"name": name, "mcc": "5811"})
    _, following = page(client, "/merchants?limit=3")
    assert following is not None
    for name in names[:2]:
        client.delete("/merchants", name=name)
    assert page(client, following)[0] == names[3:6]
    client.put("/merchants", {"name": names[0], "mcc": "5811"})
    assert page(client, following)[0] == names[3:6]


def test_the_entry_that_a_page_ended_with_may_be_gone(make_server: MakeServer) -> None:
    client = make_server(*ALONE).start().client
    names = [f"LOJA {number}" for number in range(5)]
    for name in names:
        client.put("/merchants", {"name": name, "mcc": "5811"})
    _, following = page(client, "/merchants?limit=2")
    assert following is not None
    client.delete("/merchants", name=names[1])
    assert page(client, following)[0] == names[2:4]
