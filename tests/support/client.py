"""One request, one answer, over a socket of its own."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from tests.support.contract import check_answer
from tests.support.documents import Document, Number, decode, decode_spelled, encode
from tests.support.waiting import PATIENCE_S

"""How long a test waits for an answer before it calls the server hung."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_ms: float = 0.0

    def json(self) -> Any:
        """The body, numbers as Decimal."""
        return decode(self.body)

    def spelled(self) -> Any:
        """The body, numbers as they are spelled."""
        return decode_spelled(self.body)

    @property
    def code(self) -> str:
        """The wire code of a transaction: the one member that the body may have."""
        document = self.json()
        assert set(document) == {"code"}, f"the answer must hold the code alone: {self.body!r}"
        return str(document["code"])

    @property
    def reason(self) -> str | None:
        return self.headers.get("authorizer-reason")

    @property
    def replayed(self) -> bool:
        """Whether this answers a repeated id."""
        return self.headers.get("authorizer-replayed") == "true"


class Client:
    """Sends requests to one server on loopback."""

    def __init__(
        self, port: int, host: str = "127.0.0.1", key: str | None = None, documented: bool = True
    ) -> None:
        """`key` is the API key that every request is sent with.

        `documented`: answers are held to the OpenAPI document, as those of another server aren't.
        """
        self.documented = documented
        self.port = port
        self.host = host
        self.key = key

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send exactly these bytes.

        Raises:
            OSError, http.client.HTTPException: no whole answer came back.
            UndocumentedError: the OpenAPI document does not allow the answer.
        """
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE_S)
        try:
            own = {"Authorization": f"Bearer {self.key}"} if self.key else {}
            connection.request(method, path, body=body, headers={**own, **(headers or {})})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(response.status, names, response.read())
            if self.documented:
                check_answer(method, path, answer.status, names, answer.body)
            return answer
        finally:
            connection.close()

    def get(self, path: str, **query: str) -> Answer:
        return self.send("GET", _with_query(path, query))

    def delete(self, path: str, **query: str) -> Answer:
        return self.send("DELETE", _with_query(path, query))

    def put(self, path: str, document: object) -> Answer:
        return self.send("PUT", path, encode(document), {"Content-Type": "application/json"})

    def post(self, path: str, document: object) -> Answer:
        return self.send("POST", path, encode(document), {"Content-Type": "application/json"})

    def authorize(self, transaction: Document) -> Answer:
        """Post a transaction; the HTTP status is 200 whatever the decision."""
        answer = self.post("/transactions", transaction)
        assert answer.status == 200, f"a transaction is answered 200, not {answer.status}"
        return answer

    # What tests read and prepare most often. Each fails at once if the server does not do it.

    def open_account(self, account: str, cliente_id: str | None = None, **wallets: str) -> str:
        """Open an account with these wallets, for instance `FOOD="10.00"`, and give its id back."""
        document: Document = {"balances": {name: Number(text) for name, text in wallets.items()}}
        if cliente_id is not None:
            document["cliente_id"] = cliente_id
        answer = self.put(path_of("accounts", account), document)
        assert answer.status == 201, answer
        return account

    def balances(self, account: str) -> dict[str, str]:
        """The wallets of an account, amounts as they are spelled."""
        answer = self.get(path_of("accounts", account))
        assert answer.status == 200, answer
        wallets = answer.spelled()["balances"]
        return {name: number.text for name, number in wallets.items()}

    def total(self, account: str) -> Decimal:
        """The sum of all wallets of an account, in reais."""
        return sum((Decimal(text) for text in self.balances(account).values()), Decimal(0))

    def put_customer(self, document: Document) -> Answer:
        return self.put(path_of("clientes", document["cliente_id"]), document)

    def customer(self, customer_id: str) -> Document:
        """The customer document, numbers as they are spelled."""
        answer = self.get(path_of("clientes", customer_id))
        assert answer.status == 200, answer
        document: Document = answer.spelled()
        return document

    def card(self, card_id: str) -> Document:
        """The card's part of the document, numbers as they are spelled."""
        answer = self.get(path_of("cartoes", card_id))
        assert answer.status == 200, answer
        document: Document = answer.spelled()
        return document


def path_of(*segments: str) -> str:
    """A path whose segments are percent-encoded: ids may hold any character."""
    return "/" + "/".join(quote(segment, safe="") for segment in segments)


def _with_query(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query, quote_via=quote)}" if query else path
