"""A card's controls: what its holder does not want to be bought with it."""

from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.dispatcher import Dispatcher
from authorizer.domain.accounts.controls import CardControls
from authorizer.domain.accounts.purchase_commands import PutCardControls, ReadCardControls
from authorizer.domain.outcomes import unknown
from authorizer.http.access.control import caller_of
from authorizer.http.access.roles import CARE, CONTROLS_READ
from authorizer.http.api.endpoints import UNCHANGED, endpoint
from authorizer.http.api.fields import Cents, Document, MccText, MerchantName, Money
from authorizer.http.api.problems import accepted
from authorizer.http.api.wire import json_response, money, read_document

_MAX_NAMES = 200


class CardControlsDocument(Document):
    """All controls of a card; an empty document takes all away.

    `mccs_permitidos`: only these. Names of `estabelecimentos_bloqueados` are compared as merchant
    overrides are, `*` at the end makes a prefix. `valor_maximo` is inclusive.
    """

    mccs_permitidos: list[MccText] | None = Field(default=None, max_length=_MAX_NAMES)
    mccs_bloqueados: list[MccText] = Field(default_factory=list, max_length=_MAX_NAMES)
    estabelecimentos_bloqueados: list[MerchantName] = Field(
        default_factory=list, max_length=_MAX_NAMES
    )
    valor_maximo: Cents | None = None


class Controls(TypedDict):
    """A card's controls, as they stand."""

    cartao_id: str
    mccs_permitidos: list[str] | None
    mccs_bloqueados: list[str]
    estabelecimentos_bloqueados: list[str]
    valor_maximo: Money | None


class CardControlEndpoints:
    """`/cartoes/{cartao_id}/controles`."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    @endpoint("GET", "/cartoes/{cartao_id}/controles", CONTROLS_READ, answers={200: Controls})
    async def get(self, request: Request) -> Response:
        """Tell a card's controls."""
        card_id = request.path_params["cartao_id"]
        account_id = self._account_of(card_id)
        return await self._ask(card_id, ReadCardControls(account_id, card_id))

    @endpoint(
        "PUT",
        "/cartoes/{cartao_id}/controles",
        CARE,
        body=CardControlsDocument,
        answers={200: Controls},
        repeated=UNCHANGED,
    )
    async def put(self, request: Request) -> Response:
        """Put a card's controls in the place of those before."""
        document = await read_document(request, CardControlsDocument)
        card_id = request.path_params["cartao_id"]
        account_id = self._account_of(card_id)
        allowed = document.mccs_permitidos
        controls = CardControls(
            None if allowed is None else tuple(allowed),
            tuple(document.mccs_bloqueados),
            tuple(document.estabelecimentos_bloqueados),
            document.valor_maximo,
        )
        by = caller_of(request).by
        return await self._ask(card_id, PutCardControls(account_id, card_id, controls, by))

    def _account_of(self, card_id: str) -> str:
        found = self._dispatcher.account_of_card(card_id)
        return accepted(unknown("card", card_id) if found is None else found)

    async def _ask(self, card_id: str, command: Any) -> Response:
        _, controls = accepted(await self._dispatcher.ask(command))
        return json_response(_controls(card_id, controls))


def _controls(card_id: str, controls: CardControls) -> dict[str, Any]:
    most_cents = controls.max_amount_cents
    return {
        "cartao_id": card_id,
        "mccs_permitidos": controls.allowed_mccs,
        "mccs_bloqueados": controls.blocked_mccs,
        "estabelecimentos_bloqueados": controls.blocked_merchants,
        "valor_maximo": None if most_cents is None else money(most_cents),
    }
