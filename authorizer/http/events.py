"""`/events`: what has happened, position by position, for other systems."""

import re
from typing import Annotated, Any, Final, NotRequired

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.followers.events.question import EventPage, Form, Gone, Question
from authorizer.http.access.roles import OPERATIONS_READ
from authorizer.http.api.endpoints import NotJson, endpoint
from authorizer.http.api.fields import Identity, Moment
from authorizer.http.api.negotiation import EVENT_STREAM, JSON, LAST_EVENT_ID, preferred_form
from authorizer.http.api.problems import FieldError, InvalidRequestError, problem_response
from authorizer.http.api.query import Query, query_of
from authorizer.http.api.rules import Rule
from authorizer.http.event_streams import STREAM_EVENTS, EventStreams
from authorizer.persistence.state.record import EVENT_NAMES

DEFAULT_EVENTS: Final = 100
MAX_EVENTS: Final = 1_000
"""Events on a page at the most."""
MAX_TYPES_LENGTH: Final = 2_000
"""Longer than all names together."""
TYPES_PATTERN: Final = "^({0})(,({0}))*$".format("|".join(EVENT_NAMES))
_POSITION: Final = re.compile("[0-9]{1,18}", re.ASCII)


def _known(types: str) -> str:
    unknown = [name for name in types.split(",") if name not in EVENT_NAMES]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no event; there are {', '.join(EVENT_NAMES)}")
    return types


Limit = Annotated[
    int,
    Field(
        ge=1,
        le=MAX_EVENTS,
        description=f"How many events at the most: of a page {DEFAULT_EVENTS} by default; a stream "
        "ends after so many, by default it goes on.",
    ),
]
Position = Annotated[int, Field(ge=0, lt=10**18)]
Types = Annotated[
    str,
    Rule(_known, {"pattern": TYPES_PATTERN}),
    Field(max_length=MAX_TYPES_LENGTH, description="Names of events, with commas between them."),
]


class EventsQuery(Query):
    """`GET /events`."""

    after: Position = 0
    limit: Limit | None = None
    types: Types | None = None
    account: Identity | None = None


class EventDocument(TypedDict):
    """Something that has happened. It never changes."""

    position: int
    """Where it is in the journal: 1, 2, 3 … without gaps."""
    at: Moment
    type: str
    account: NotRequired[str]
    """The account that it is about, if it is about one."""
    data: dict[str, Any]
    """The rest, by the type. No personal text."""


class Durable(TypedDict):
    """The journal's end: everything up to it is on disk, and nothing behind it is told."""

    position: int
    head: str
    """The head of the hash chain there, in hexadecimal digits."""


class EventsDocument(TypedDict):
    """A page of events, oldest first."""

    events: list[EventDocument]
    next: int
    """`after` of the next page: the position that was looked at last."""
    durable: Durable


class EventEndpoints:
    """`/events`."""

    def __init__(self, streams: EventStreams) -> None:
        self._streams = streams

    @endpoint(
        "GET",
        "/events",
        OPERATIONS_READ,
        query=EventsQuery,
        answers={200: (EventsDocument, NotJson(EVENT_STREAM))},
        problems=(409, 410),
        takes=(LAST_EVENT_ID,),
    )
    async def events(self, request: Request) -> Response:
        """Tell what has happened after a position, as a page or as a live stream."""
        query = query_of(request, EventsQuery)
        journal = self._streams.journal
        position, head = journal.durable, journal.chain.hex()
        form = _form(request)
        after = _heard(request, query.after) if form == "stream" else query.after
        if after > position:
            return problem_response(
                409,
                f"the journal ends at position {position}, before {after}: it is another one, or "
                "was restored to an earlier time",
            )
        types = None if query.types is None else query.types.split(",")
        limit = query.limit or (DEFAULT_EVENTS if form == "json" else STREAM_EVENTS)
        question = Question(after, position, limit, types, query.account)
        if form == "stream":
            opened = await self._streams.open(question, query.limit)
            return _gone(opened) if isinstance(opened, Gone) else opened
        page = await self._streams.events.page(question, form)
        if isinstance(page, Gone):
            return _gone(page)
        document = _document(page, position, head)
        return Response(document, media_type=JSON, headers={"Vary": "Accept"})


def _gone(gone: Gone) -> Response:
    before = gone.oldest - 1
    return problem_response(
        410,
        f"the events up to position {before} were moved to an archive: ask with after={before}",
    )


def _form(request: Request) -> Form:
    accept = ", ".join(request.headers.getlist("accept"))
    is_stream = preferred_form(accept, (JSON, EVENT_STREAM)) == EVENT_STREAM
    return "stream" if is_stream else "json"


def _heard(request: Request, after: int) -> int:
    """The position from which a stream goes on: a browser says it when it comes again."""
    said = ", ".join(request.headers.getlist(LAST_EVENT_ID)).strip()
    if not said:
        return after
    if not _POSITION.fullmatch(said):
        raise InvalidRequestError(FieldError(LAST_EVENT_ID, "must be the position of an event"))
    return int(said)


def _document(page: EventPage, position: int, head: str) -> str:
    """The page's JSON around the events, which are written already."""
    durable = f'{{"position":{position},"head":"{head}"}}'
    return f'{{"events":{page.text},"next":{page.next},"durable":{durable}}}'
