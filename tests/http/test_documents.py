"""What the fields of the documents may hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from authorizer.domain.accounts.card_rules import open_cards
from authorizer.domain.accounts.cards import BlockReason, CardTerms, Operation
from authorizer.domain.accounts.commands import OpenCards
from authorizer.domain.accounts.events import CardBlocked, PurchaseApproved
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import Done
from authorizer.http.accounts import AccountDocument, CreditDocument
from authorizer.http.api.fields import Document
from authorizer.http.api.wire import json_response, read_json
from authorizer.http.block_ticket import TicketedBlockDocument
from authorizer.http.card_changes import UnblockDocument
from authorizer.http.card_document import CardDocument, card_part
from authorizer.http.customer_document import CustomerDocument, OperationDocument
from authorizer.http.merchants import MerchantDocument
from tests.support.builders import (
    ACCOUNT,
    BY,
    CARD,
    CUSTOMER,
    NOW_US,
    context,
    grown,
    opened,
    terms,
    with_card,
)

SEED = Path(__file__).parents[1] / "acceptance" / "seed-customer.json"

CARD_DOCUMENT = """{"cartao_id": "k", "numero_mascarado": "**** **** **** 1234", "bandeira": "Visa",
    "status": "ativo", "limite_total": 5000.00, "limite_utilizado": 1500.00,
    "limite_disponivel": 3500.00}"""
OPERATION = """{"tipo": "bloqueio", "cartao_id": "k", "data": "2025-08-30T14:32:00Z",
    "motivo": "roubo", "canal": "App Mobile"}"""
CUSTOMER_DOCUMENT = """{"cliente_id": "1", "nome": "Maria", "cpf": "123.456.789-00"}"""
CREDIT = """{"id": "c", "category": "FOOD", "amount": 10.00}"""
MERCHANT = """{"name": "UBER EATS                   SAO PAULO BR", "mcc": "5812"}"""
BLOCK = """{"motivo": "roubo", "canal": "App Mobile"}"""
UNBLOCK = """{"canal": "Central", "justificativa": "cliente identificado"}"""
ACCOUNT_DOCUMENT = """{"balances": {"FOOD": 100.00, "CASH": 0}, "cliente_id": "12345"}"""

WHOLE: dict[type[Document], str] = {
    AccountDocument: ACCOUNT_DOCUMENT,
    CreditDocument: CREDIT,
    MerchantDocument: MERCHANT,
    TicketedBlockDocument: BLOCK,
    UnblockDocument: UNBLOCK,
    CardDocument: CARD_DOCUMENT,
    OperationDocument: OPERATION,
    CustomerDocument: CUSTOMER_DOCUMENT,
}
REQUIRED = {
    CreditDocument: ["id", "category", "amount"],
    MerchantDocument: ["name", "mcc"],
    TicketedBlockDocument: ["motivo", "canal"],
    UnblockDocument: ["canal", "justificativa"],
    CardDocument: ["cartao_id", "numero_mascarado", "bandeira", "status"],
    OperationDocument: ["tipo", "cartao_id", "data"],
    CustomerDocument: ["cliente_id", "nome", "cpf"],
}


def read(kind: type[Document], **members: str | None) -> Any:
    """A document with these members changed or added, as JSON text; None leaves one out."""
    spelled = {
        name: json.dumps(value) if isinstance(value, str | list | dict) else None
        for name, value in json.loads(WHOLE[kind]).items()
    }
    exact = read_json(WHOLE[kind].encode())
    parts = []
    for name, text in (spelled | members).items():
        if name in members and text is None:
            continue
        parts.append(f"{json.dumps(name)}: {text if text is not None else exact[name]}")
    return kind.model_validate(read_json(("{" + ", ".join(parts) + "}").encode()))


def refused(kind: type[Document], **members: str | None) -> str:
    """The field that is refused, and only that one."""
    with pytest.raises(ValidationError) as caught:
        read(kind, **members)
    [error] = caught.value.errors()
    return ".".join(map(str, error["loc"]))


# --- all documents -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WHOLE, ids=lambda kind: kind.__name__)
def test_a_whole_document_is_read(kind: type[Document]) -> None:
    assert isinstance(read(kind), kind)


@pytest.mark.parametrize("kind", WHOLE, ids=lambda kind: kind.__name__)
def test_a_member_that_nobody_knows_is_refused(kind: type[Document]) -> None:
    assert refused(kind, surprise="1") == "surprise"


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in REQUIRED.items() for name in names]
)
def test_a_member_that_is_required_is_missed(kind: type[Document], name: str) -> None:
    assert refused(kind, **{name: None}) == name
    assert refused(kind, **{name: "null"}).startswith(name)


# --- money ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spelled", "cents"),
    [
        ("10", 10_00),
        ("10.5", 10_50),
        ("10.500", 10_50),
        ("1e1", 10_00),
        ("0.01", 1),
        ("1000000000000000.00", 10**17),
    ],
)
def test_an_amount_is_read_exactly(spelled: str, cents: int) -> None:
    assert read(CreditDocument, amount=spelled).amount == cents
    balances = read(AccountDocument, balances=f'{{"FOOD": {spelled}}}').balances
    assert balances == {"FOOD": cents}


@pytest.mark.parametrize(
    "spelled",
    [
        "10.005", "99.99999999999999999", "1e-3", "-0.01", "-1", "1000000000000000.01", "1e30",
        '"10.00"', "true", "null", "[]", "{}", "1e-300",
    ],
)  # fmt: skip
def test_an_amount_that_is_no_whole_centavos_negative_or_too_large_is_refused(spelled: str) -> None:
    assert refused(CreditDocument, amount=spelled) == "amount"
    assert refused(AccountDocument, balances=f'{{"FOOD": {spelled}}}') == "balances.FOOD"


def test_a_balance_may_be_zero_and_a_credit_may_not() -> None:
    assert read(AccountDocument, balances='{"FOOD": 0.00}').balances == {"FOOD": 0}
    assert refused(CreditDocument, amount="0.00") == "amount"


# --- accounts ------------------------------------------------------------------------------------


def test_an_account_needs_neither_balances_nor_a_customer() -> None:
    document = AccountDocument.model_validate({})
    assert (document.balances, document.cliente_id) == ({}, None)


def test_an_account_has_up_to_50_wallets() -> None:
    def wallets(count: int) -> str:
        return json.dumps({f"W{number}": 1 for number in range(count)})

    assert len(read(AccountDocument, balances=wallets(50)).balances) == 50
    assert refused(AccountDocument, balances=wallets(51)) == "balances"


@pytest.mark.parametrize("name", ["", " ", "x" * 33, "a\\u0000b", "a\\nb"])
def test_a_wallet_has_a_name_that_can_be_told(name: str) -> None:
    assert refused(AccountDocument, balances=f'{{"{name}": 1}}').startswith("balances.")
    assert refused(CreditDocument, category=f'"{name}"') == "category"


# --- texts ---------------------------------------------------------------------------------------

TEXTS: list[tuple[type[Document], str, int]] = [
    (AccountDocument, "cliente_id", 128),
    (CreditDocument, "id", 128),
    (TicketedBlockDocument, "canal", 40),
    (UnblockDocument, "canal", 40),
    (UnblockDocument, "justificativa", 1000),
    (CardDocument, "cartao_id", 128),
    (CardDocument, "bandeira", 256),
    (CardDocument, "numero_mascarado", 256),
    (OperationDocument, "canal", 40),
    (OperationDocument, "tipo", 40),
    (CustomerDocument, "cliente_id", 128),
    (CustomerDocument, "conta", 128),
    (CustomerDocument, "nome", 256),
    (CustomerDocument, "telefone", 40),
    (CustomerDocument, "email", 256),
    (MerchantDocument, "mcc", 32),
]


@pytest.mark.parametrize(("kind", "name", "longest"), TEXTS)
def test_a_text_has_up_to_so_many_characters(kind: type[Document], name: str, longest: int) -> None:
    assert getattr(read(kind, **{name: json.dumps("é" * longest)}), name) == "é" * longest
    assert refused(kind, **{name: json.dumps("é" * (longest + 1))}) == name


@pytest.mark.parametrize(("kind", "name", "longest"), TEXTS)
@pytest.mark.parametrize(
    "text", ['""', '" "', '"a\\u0000b"', '"a\\u001fb"', '"\\u007f"', "5", "[]"]
)
def test_a_text_is_not_blank_has_no_control_characters_and_is_a_text(
    kind: type[Document], name: str, longest: int, text: str
) -> None:
    del longest
    assert refused(kind, **{name: text}) == name


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (AccountDocument, "cliente_id"),
        (CardDocument, "cartao_id"),
        (CustomerDocument, "cliente_id"),
        (CustomerDocument, "conta"),
    ],
)
def test_what_stands_in_a_path_has_no_slash(kind: type[Document], name: str) -> None:
    assert refused(kind, **{name: '"a/b"'}) == name


def test_a_merchants_name_is_kept_as_it_was_given() -> None:
    name = "UBER EATS                   SAO PAULO BR"
    assert read(MerchantDocument).name == name
    assert read(MerchantDocument, name='"UBER\\tEATS"').name == "UBER\tEATS"
    for text in ('""', '"  "', '"a\\u0000b"', "5"):
        assert refused(MerchantDocument, name=text) == "name"


# --- customers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("cpf", ["12345678900", "123.456.789-00", "000.000.000-00"])
def test_a_cpf_is_eleven_digits_in_either_notation_whatever_its_check_digits(cpf: str) -> None:
    assert read(CustomerDocument, cpf=json.dumps(cpf)).cpf == cpf


@pytest.mark.parametrize(
    "cpf",
    [
        "", "1234567890", "123456789000", "123.456.789.00", "123-456-789-00", "12.3456.789-00",
        "123.456.78900", "123456789-00", "1234567890a",
        "1234567890\N{FULLWIDTH DIGIT ZERO}", " 12345678900",
        "...........", "123.4.6.789-00", "²²²²²²²²²²²",
    ],
)  # fmt: skip
def test_anything_else_is_no_cpf(cpf: str) -> None:
    assert refused(CustomerDocument, cpf=json.dumps(cpf)) == "cpf"


def test_the_cards_of_a_customer_differ_and_are_at_most_100() -> None:
    def cards(*ids: str) -> str:
        return "[" + ",".join(CARD_DOCUMENT.replace('"k"', f'"{card_id}"') for card_id in ids) + "]"

    assert len(read(CustomerDocument, cartoes=cards("a", "b")).cartoes) == 2
    assert refused(CustomerDocument, cartoes=cards("a", "b", "a")) == ""
    many = [str(number) for number in range(101)]
    assert len(read(CustomerDocument, cartoes=cards(*many[:100])).cartoes) == 100
    assert refused(CustomerDocument, cartoes=cards(*many)) == "cartoes"


def test_a_wrong_field_deep_inside_is_named_with_its_way() -> None:
    bad = CARD_DOCUMENT.replace('"Visa"', "5")
    assert refused(CustomerDocument, cartoes=f"[{CARD_DOCUMENT}, {bad}]") == "cartoes.1.bandeira"


def test_the_seed_customer_is_read() -> None:
    document = CustomerDocument.model_validate(read_json(SEED.read_bytes()))
    assert document.conta is None
    assert len(document.cartoes) == 2
    assert [card.terms().status for card in document.cartoes] == ["bloqueado", "ativo"]


# --- cards ---------------------------------------------------------------------------------------


def test_a_card_is_what_the_document_says() -> None:
    assert read(CardDocument).terms() == CardTerms(
        "k", "**** **** **** 1234", "Visa", "ativo", None, None, 5000_00, 1500_00
    )


def test_a_card_needs_no_limit() -> None:
    without = {"limite_total": None, "limite_utilizado": None, "limite_disponivel": None}
    card = read(CardDocument, **without).terms()
    assert (card.limit_total_cents, card.limit_used_cents) == (None, 0)


def test_a_limit_may_be_used_up() -> None:
    used_up = read(CardDocument, limite_utilizado="5000.00", limite_disponivel="0.00").terms()
    assert (used_up.limit_total_cents, used_up.limit_used_cents) == (5000_00, 5000_00)


def test_a_limit_may_be_below_what_is_used_where_the_document_says_so() -> None:
    below = read(CardDocument, limite_total="1000.00", limite_disponivel="-500.00").terms()
    assert (below.limit_total_cents, below.limit_used_cents) == (1000_00, 1500_00)
    assert refused(CardDocument, limite_total="1000.00", limite_disponivel=None) == ""
    assert refused(CardDocument, limite_total="1000.00", limite_disponivel="0.00") == ""


def test_a_card_says_which_card_it_replaces_and_which_one_replaced_it() -> None:
    card = read(CardDocument, status='"cancelado"', substitui='"j"', substituido_por='"l"').terms()
    assert (card.replaces, card.replaced_by) == ("j", "l")
    assert refused(CardDocument, substituido_por='"l"') == ""


def test_what_is_left_of_a_limit_may_be_left_out() -> None:
    assert read(CardDocument, limite_disponivel=None).terms() == read(CardDocument).terms()
    unused = read(CardDocument, limite_disponivel=None, limite_utilizado=None).terms()
    assert unused.limit_used_cents == 0


@pytest.mark.parametrize(
    "members",
    [
        {"limite_disponivel": "3500.01"},
        {"limite_disponivel": "5000.00"},
        {"limite_utilizado": "1500.01"},
        {"limite_utilizado": "5000.01", "limite_disponivel": None},
        {"limite_total": None},
        {"limite_total": None, "limite_utilizado": None},
        {"limite_total": None, "limite_disponivel": None},
    ],
)
def test_a_limit_that_does_not_add_up_is_refused(members: dict[str, str | None]) -> None:
    assert refused(CardDocument, **members) == ""


@pytest.mark.parametrize(
    "members",
    [
        {"status": '"bloqueado"'},
        {"motivo_bloqueio": '"roubo"'},
        {"data_bloqueio": '"2025-08-30T14:32:00Z"'},
    ],
)
def test_a_card_is_blocked_for_a_motive_or_active_without_one(members: dict[str, str]) -> None:
    assert refused(CardDocument, **members) == ""


def test_a_blocked_card_has_its_motive_and_perhaps_its_time() -> None:
    block = {"status": '"bloqueado"', "motivo_bloqueio": '"roubo"'}
    assert read(CardDocument, **block).terms().block_reason == "roubo"
    timed = read(CardDocument, **block, data_bloqueio='"2025-08-30T14:32:00Z"').terms()
    assert timed.blocked_at == WrittenTime(1_756_564_320_000_000, "2025-08-30T14:32:00Z")


@pytest.mark.parametrize("status", ['"ATIVO"', '"active"', '""', "1"])
def test_a_card_has_one_of_the_known_states(status: str) -> None:
    assert refused(CardDocument, status=status) == "status"


@pytest.mark.parametrize("number", ["**** 1234", "123456******1234", "•••• 1234", "1234567890"])
def test_a_masked_number_shows_up_to_ten_digits(number: str) -> None:
    assert read(CardDocument, numero_mascarado=json.dumps(number)).numero_mascarado == number


@pytest.mark.parametrize("number", ["4111111111111111", "12345678901", "1234 5678 9012 3456"])
def test_a_number_that_is_not_masked_is_refused(number: str) -> None:
    assert refused(CardDocument, numero_mascarado=json.dumps(number)) == "numero_mascarado"


@pytest.mark.parametrize("motive", ['"azar"', '"ROUBO"', '""', "5"])
def test_a_motive_is_one_of_the_list(motive: str) -> None:
    assert refused(TicketedBlockDocument, motivo=motive) == "motivo"


def test_a_motive_that_is_none_is_answered_with_the_list() -> None:
    with pytest.raises(ValidationError) as caught:
        read(TicketedBlockDocument, motivo='"azar"')
    for reason in BlockReason:
        assert reason.motivo in caught.value.errors()[0]["msg"]
    assert read(TicketedBlockDocument).block_reason is BlockReason.ROBBED


def test_an_operation_is_what_the_document_says() -> None:
    at = WrittenTime(1_756_564_320_000_000, "2025-08-30T14:32:00Z")
    assert read(OperationDocument).operation() == Operation(
        "bloqueio", "k", at, "App Mobile", "roubo", None, None
    )
    query = read(OperationDocument, motivo=None, canal=None, limite_disponivel="3500.00")
    assert query.operation() == Operation("bloqueio", "k", at, None, None, None, 3500_00)


@pytest.mark.parametrize("time", ['"2025-08-30"', '"yesterday"', '""', "5"])
def test_an_operation_has_a_time(time: str) -> None:
    assert refused(OperationDocument, data=time) == "data"


# --- a card out and in again ---------------------------------------------------------------------

Change = Callable[[], CardBlocked | PurchaseApproved]
CHANGES: list[Change] = [
    lambda: CardBlocked(NOW_US + 123_456, BY, ACCOUNT, CARD, "roubo", "App"),
    lambda: PurchaseApproved(NOW_US, BY, ACCOUNT, None, 12_34, "5999", "X", CARD, None, None),
]


@pytest.mark.parametrize("change", [None, *CHANGES])
def test_a_card_that_was_read_can_be_put_again_and_nothing_changes(change: Change | None) -> None:
    account = with_card(opened(customer_id=CUSTOMER), terms())
    if change is not None:
        grown(account, change())
    written = json_response(card_part(account.cards[CARD].terms())).body
    again = CardDocument.model_validate(read_json(bytes(written))).terms()
    decision = open_cards(
        account, OpenCards(ACCOUNT, CUSTOMER, (again,), BY), context(), NOW_US + 1
    )
    assert decision.outcome == Done()
    assert not decision.events
