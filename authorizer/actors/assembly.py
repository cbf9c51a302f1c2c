"""The actors and the services over several of them, put together in one place."""

from collections.abc import Callable
from dataclasses import dataclass

from authorizer.actors.card_claims import CardClaims
from authorizer.actors.cards import Cards
from authorizer.actors.customer_file import CustomerFiles
from authorizer.actors.dispatcher import Bounds, Dispatcher
from authorizer.actors.entity import ActorContext, OffLoop
from authorizer.actors.erasure import Erasure
from authorizer.actors.keys import Keys, KeyStore
from authorizer.actors.onboarding import Onboarding
from authorizer.actors.personal_data_export import PersonalDataExports
from authorizer.actors.recall import Recall
from authorizer.actors.search import CustomerSearch
from authorizer.actors.tickets import Tickets
from authorizer.domain.aggregate import Context
from authorizer.domain.customers.state import ERASED
from authorizer.domain.sealing import Sealer, is_plain


@dataclass(frozen=True, slots=True)
class Actors:
    """What a gateway asks."""

    dispatcher: Dispatcher
    """Every command that one entity decides by itself."""
    cards: Cards
    customers: CustomerFiles
    onboarding: Onboarding
    erasure: Erasure
    tickets: Tickets
    exports: PersonalDataExports
    search: CustomerSearch
    sealer: Sealer
    """Opens the personal texts of read models."""
    context: Context
    """What every decision rests on besides an entity and a command."""


def assemble(
    around: ActorContext,
    store: KeyStore,
    off_loop: OffLoop,
    on_failure: Callable[[BaseException], None],
    recall: Recall,
    bounds: Bounds,
) -> Actors:
    """The actors over a state. `on_failure` is told of keys that could not be written."""
    sealer = around.context.sealer
    dispatcher = Dispatcher(around, recall, bounds)

    def was_sealed(customer_id: str) -> bool:
        actor = dispatcher.customers.find(customer_id)
        return actor is not None and not is_plain(actor.state.personal)

    erased = around.state.indexes[ERASED]
    keys = Keys(store, erased, was_sealed, off_loop, on_failure, around.disk_room)
    search = CustomerSearch(around, dispatcher.customers, off_loop)
    claims = CardClaims()
    cards = Cards(dispatcher, claims, keys, around.clock)
    customers = CustomerFiles(dispatcher, sealer)
    tickets = Tickets(dispatcher, customers, cards, keys, around)
    return Actors(
        dispatcher=dispatcher,
        cards=cards,
        customers=customers,
        onboarding=Onboarding(dispatcher, customers, claims, keys, search, sealer),
        erasure=Erasure(dispatcher, keys, search),
        tickets=tickets,
        exports=PersonalDataExports(dispatcher, customers, tickets),
        search=search,
        sealer=sealer,
        context=around.context,
    )
