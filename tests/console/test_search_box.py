"""What a text in the search box may be."""

from __future__ import annotations

import pytest

from authorizer.console.pages.search import Wanted, wanted


@pytest.mark.parametrize(
    ("text", "look"),
    [
        ("Leonardo Mor", Wanted(None, None, ("nome",))),
        ("leonardo@email.com", Wanted(None, None, ("email",))),
        ("123.456.789-00", Wanted(None, None, ("cpf", "telefone"))),
        ("12345678900", Wanted(None, None, ("cpf", "telefone"))),
        ("123.4", Wanted(None, None, ("cpf",))),
        ("+55 31 98765-4321", Wanted(None, None, ("telefone",))),
        ("(31) 98765", Wanted(None, None, ("cpf", "telefone"))),
        ("8765", Wanted(None, "8765", ("cpf",))),
        ("**** **** **** 8765", Wanted(None, "8765", ())),
        ("20261128000007", Wanted("20261128000007", None, ("telefone",))),
    ],
)
def test_the_form_of_a_text_tells(text: str, look: Wanted) -> None:
    assert wanted(text) == look
