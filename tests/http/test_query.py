"""Parameters of a query: known, once, and under either of two names."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import Field

from authorizer.http.api.problems import InvalidRequestError
from authorizer.http.api.query import MAX_ERRORS, MAX_NAME_SHOWN, NoQuery, Query, parse_query


class Portuguese(Query):
    nome: str = ""
    limite: Annotated[int, Field(ge=1)] = 50
    cursor: str | None = None


class English(Query):
    name: str
    limit: int = 50
    before: str | None = None


def refused(query: str | bytes, model: type[Query] = Portuguese) -> dict[str, str]:
    with pytest.raises(InvalidRequestError) as caught:
        parse_query(query if isinstance(query, bytes) else query.encode(), model)
    return dict(caught.value.errors)


def test_what_is_known_is_taken() -> None:
    query = parse_query(b"nome=D%27%C3%81vila+e+Silva&limite=7", Portuguese)
    assert query == Portuguese(nome="D'Ávila e Silva", limite=7)
    assert parse_query("nome=Érica".encode(), Portuguese).nome == "Érica"
    assert parse_query(b"", Portuguese) == Portuguese()
    assert parse_query(b"&&", NoQuery) == NoQuery()


def test_limit_and_cursor_have_two_names_everywhere() -> None:
    wanted = Portuguese(limite=5, cursor="z")
    assert parse_query(b"limit=5&before=z", Portuguese) == wanted
    assert parse_query(b"limite=5&before=z", Portuguese) == wanted
    assert parse_query(b"name=a&limite=5&cursor=z", English) == English(
        name="a", limit=5, before="z"
    )


@pytest.mark.parametrize("name", ["telefon", "Nome", "nome[]", " nome", "name", "", "limites"])
def test_an_unknown_parameter_is_refused_by_its_name(name: str) -> None:
    errors = refused(f"nome=a&{name}=x")
    assert list(errors) == [name]
    assert "nome, limite, cursor" in errors[name], "which there are"


def test_a_call_without_parameters_takes_none() -> None:
    assert list(refused("limit=1&x", NoQuery)) == ["limit", "x"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("nome=a&nome=b", "nome"),
        ("nome=a&nome=a", "nome"),
        ("nome=&nome=", "nome"),
        ("limite=1&limit=1", "limit"),
        ("limit=1&limite=2", "limite"),
        ("before=z&cursor=z", "cursor"),
    ],
)
def test_a_parameter_given_twice_is_refused_by_its_name(query: str, name: str) -> None:
    errors = refused(query)
    assert list(errors) == [name]
    assert "more than once" in errors[name]


def test_a_wrong_value_is_told_under_the_name_that_was_given() -> None:
    assert list(refused("limit=0")) == ["limit"]
    assert list(refused("limite=x")) == ["limite"]
    assert list(refused("limite=5&cursor=z", English)) == ["name"], "what is missing, too"


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert list(refused("x=1&nome=a&nome=b&limit=0")) == ["x", "nome", "limit"]


def test_what_is_told_is_bounded() -> None:
    many = "&".join(f"x{number}=" for number in range(1000))
    assert len(refused(many)) == MAX_ERRORS
    (name,) = refused("y" * 10_000)
    assert name == "y" * MAX_NAME_SHOWN


def test_a_query_that_is_not_utf_8_is_refused() -> None:
    assert list(refused(b"nome=%FF")) == ["query"]
    assert list(refused(b"nome=\xff")) == ["query"]
