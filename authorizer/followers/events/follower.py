"""What the events' process does: it answers with pages, and needs to read nothing ahead."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from typing_extensions import override

from authorizer.followers.events.pages import Page, Pages, Told, Wanted
from authorizer.followers.events.question import EventPage, Form, Gone, Question
from authorizer.followers.troubles import Trouble
from authorizer.followers.worker import Answerer, Following
from authorizer.persistence.journal.segments import JournalBeginsLateError, JournalDamagedError


class UpToDate(Following):
    """A follower's place where nothing is made of the events: it is where the journal is."""

    def __init__(self) -> None:
        self._position = 0

    @property
    @override
    def position(self) -> int:
        return self._position

    @override
    def catch_up(self, durable: int, moved: Callable[[int], None] = lambda _: None) -> None:
        self._position = durable


class EventsFollower(Answerer):
    """Pages of the events of one journal."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    @override
    def answer(self, query: str, params: Mapping[str, Any]) -> Any:
        form, question = params["form"], Question(*(params[name] for name in Question._fields))
        types = None if question.types is None else frozenset(question.types)
        wanted = Wanted(types, question.account)
        try:
            page = self._pages.page(question.after, question.until, question.limit, wanted)
        except JournalBeginsLateError:
            return Gone(self._pages.oldest())._asdict()
        return EventPage(_WRITTEN[form](page), page.next, len(page.events))._asdict()

    @override
    def feed_trouble(self, error: Exception) -> Trouble | None:
        return None

    @override
    def query_trouble(self, error: Exception) -> Trouble | None:
        if not isinstance(error, OSError | JournalDamagedError):
            return None
        return Trouble("events can't be read", "events can be read again", str(error))


def _as_json(page: Page) -> str:
    return (b"[%b]" % b",".join(event.text for event in page.events)).decode()


def _as_stream(page: Page) -> str:
    """Server-sent events, of which the last id is where the page ends."""
    lines = [_server_sent(event) for event in page.events]
    if not page.events or page.events[-1].position < page.next:
        lines.append(b"id: %d\n\n" % page.next)
    return b"".join(lines).decode()


def _server_sent(event: Told) -> bytes:
    """Without a name of its own: what listens to messages hears every type, as the data says it."""
    return b"id: %d\ndata: %b\n\n" % (event.position, event.text)


_WRITTEN: Final[Mapping[Form, Callable[[Page], str]]] = {"json": _as_json, "stream": _as_stream}
