"""The answer of the list of who read a customer's data."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from authorizer.http.answers.common import Cursor, Moment


class DataRead(TypedDict):
    """One request that was answered with the customer's data. `papel` and `chave` with a key."""

    data: Moment
    tipo: Literal[
        "documento", "busca", "exportacao", "chamado", "chamados", "interacoes", "operacoes"
    ]
    por: str
    papel: NotRequired[str]
    chave: NotRequired[str]
    request_id: str


class Accesses(TypedDict):
    """A page of those reads, newest first."""

    acessos: list[DataRead]
    proximo: Cursor | None
