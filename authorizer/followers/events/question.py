"""What the server asks the events' process, and what it is answered."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

PAGE: Final = "page"
"""The one query that there is."""

Form = Literal["json", "stream"]
"""How events are written: as a JSON array, or as server-sent events."""


class Question(NamedTuple):
    """A question for the events behind a position."""

    after: int
    until: int
    """A position that is durable, where a batch of the journal ends."""
    limit: int
    types: Sequence[str] | None
    """The names of those that are wanted; None: all."""
    account: str | None
    """The account that they are about; None: whatever they are about."""


class EventPage(NamedTuple):
    """Some events, written."""

    text: str
    next: int
    """The position that was looked at last."""
    events: int
    """How many events are in `text`."""


class Gone(NamedTuple):
    """What answers a question for events that are not there any more."""

    oldest: int
    """The oldest position that is."""
