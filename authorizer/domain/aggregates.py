"""Every aggregate, and what may happen to any of them: the facts that the journal keeps.

Every event names its time (`at_us`, microseconds since 1970 UTC) and who asked for it (`by`). The
order of the fields is the order in the journal; a change to it is a new version of the event, and
`persistence.state.record` goes on reading the old one.
"""

from authorizer.domain.accounts.events import AccountEvent
from authorizer.domain.customers.events import CustomerEvent
from authorizer.domain.merchants.events import MerchantEvent
from authorizer.domain.tickets.events import TicketEvent

Event = AccountEvent | CustomerEvent | MerchantEvent | TicketEvent
