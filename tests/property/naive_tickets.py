"""Tickets in their most obvious form: a list of everything that happened, looked at from its end.

Nothing is kept up to date here. Whatever is asked of a ticket is worked out from the list anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from authorizer.actors.calendar import windows_in
from authorizer.domain.tickets.legal_deadline import legal_due_us
from authorizer.domain.tickets.service_levels import (
    DEFAULT_SERVICE_LEVELS,
    Priority,
    ServiceLevel,
)

Happening = tuple[int, str, dict[str, Any]]
"""When, what, and how."""

NEXT = {
    "open": "aberto",
    "take": "em_atendimento",
    "hold": "aguardando_cliente",
    "resume": "em_atendimento",
    "resolve": "resolvido",
    "reopen": "reaberto",
    "close": "fechado",
}
CLOCK_RUNS = ("aberto", "em_atendimento", "reaberto")
UNATTENDED = ("aberto", "reaberto")
LIVELY = ("aberto", "em_atendimento", "aguardando_cliente", "reaberto")


@dataclass
class NaiveTicket:
    ticket_id: str
    customer: str
    card: str | None
    request: tuple[str, str | None, str] | None = None
    """The client's own id, and what it asked for under that."""
    happened: list[Happening] = field(default_factory=list)
    position: int = 0

    def ask(self, what: str, how: dict[str, Any], now_us: int) -> int | None:
        """How many events it is worth; None where the state does not allow it."""
        found = getattr(self, f"_{what}")(how)
        if found is None:
            return None
        self.happened += [(now_us, *one) for one in found]
        return len(found)

    @property
    def status(self) -> str:
        (*_, last) = [NEXT[what] for _, what, _ in self.happened if what in NEXT]
        return last

    @property
    def priority(self) -> str:
        ranks = [how["priority"] for _, what, how in self.happened if what == "rank"]
        return str(ranks[-1]) if ranks else "alta"

    @property
    def attendant(self) -> str | None:
        takers = [how["who"] for _, what, how in self.happened if what in ("take", "resolve")]
        return str(takers[-1]) if takers else None

    def _take(self, how: dict[str, Any]) -> Any:
        if self.status not in LIVELY:
            return None
        resumed = [("resume", how)] if self.status == "aguardando_cliente" else []
        again = self.status not in UNATTENDED and self.attendant == how["who"]
        return [*resumed, *([] if again else [("take", how)])]

    def _say(self, how: dict[str, Any]) -> Any:
        if self.status == "fechado":
            return None
        said = ("say", how)
        if how["author"] == "cliente" and self.status == "aguardando_cliente":
            return [said, ("resume", how)]
        if how["author"] == "atendente" and how["public"] and self.status in UNATTENDED:
            return [said, ("take", {"who": how["name"]})]
        return [said]

    def _hold(self, how: dict[str, Any]) -> Any:
        if self.status == "em_atendimento" or (self.status in UNATTENDED and how["text"]):
            word = {"author": "atendente", "public": True, "name": "Eva", "text": how["text"]}
            return [*(self._say(word) if how["text"] else []), ("hold", how)]
        return None

    def _rank(self, how: dict[str, Any]) -> Any:
        if self.status not in LIVELY:
            return None
        return [] if how["priority"] == self.priority else [("rank", how)]

    def _resolve(self, how: dict[str, Any]) -> Any:
        return [("resolve", how)] if self.status in LIVELY else None

    def _reopen(self, how: dict[str, Any]) -> Any:
        return [("reopen", how)] if self.status == "resolvido" else None

    def _close(self, how: dict[str, Any]) -> Any:
        return [("close", how)] if self.status == "resolvido" else None

    # --- what it tells by itself ---------------------------------------------------------------

    def escalate(self, now_us: int) -> int:
        """How many deadlines are missed by now and were not told, in calendar time."""
        found = 0
        for name, (since_us, due_us) in self._owed().items():
            told = [
                (at_us, how["due"])
                for at_us, what, how in self.happened
                if what == "escalate" and how["name"] == name and at_us >= since_us
            ]
            was_late = name == "resolution" and self.ran_us()[0] > self._level().resolution_us
            is_news = not told or (told[-1][1] < due_us and not was_late)
            if now_us > due_us and is_news:
                self.happened.append((now_us, "escalate", {"name": name, "due": due_us}))
                found += 1
        return found

    def _level(self) -> ServiceLevel:
        return DEFAULT_SERVICE_LEVELS[Priority.of(self.priority)]

    def _owed(self) -> dict[str, tuple[int, int]]:
        """What is owed: since when, and by when."""
        if self.status not in LIVELY:
            return {}
        (opened_us,), level = self.times("open"), self._level()
        owed = {}
        if not self.times("resolve"):
            if not self.answers():
                owed["first"] = (opened_us, opened_us + level.first_response_us)
            owed["law"] = (opened_us, legal_due_us(opened_us, windows_in("America/Sao_Paulo")))
        for reopened_us, answered_us in self.waits()[-1:]:
            if answered_us is None:
                owed["reopening"] = (reopened_us, reopened_us + level.first_response_us)
        for asked_us, _, settled_us in self.next_responses()[-1:]:
            if settled_us is None:
                owed["next"] = (asked_us, asked_us + level.next_response_us)
        ran_us, runs_since_us = self.ran_us()
        if runs_since_us is not None:
            owed["resolution"] = (opened_us, runs_since_us + level.resolution_us - ran_us)
        return owed

    # --- what is shown -------------------------------------------------------------------------

    def shown(self) -> dict[str, Any]:
        return {
            "ticket_id": self.ticket_id,
            "customer": self.customer,
            "card": self.card,
            "status": self.status,
            "attendant": self.attendant,
            "opened": self.times("open")[0],
            "answered": next(iter(self.answers()), None),
            "first resolved": next(iter(self.times("resolve")), None),
            "last resolved": next(reversed(self.times("resolve")), None),
            "closed": next(iter(self.times("close")), None),
            "reopenings": len(self.times("reopen")),
            "priority": self.priority,
            "reopened": next(reversed(self.waits()), (None, None)),
            "unanswered": self.unanswered(),
            "said": [
                (how["author"], how["public"], how["name"], how["text"])
                for _, what, how in self.happened
                if what == "say"
            ],
            "texts": [self.text(what) for what in ("open", "resolve", "reopen")],
            "ran": self.ran_us(),
        }

    def times(self, wanted: str, **like: Any) -> list[int]:
        return [
            at_us
            for at_us, what, how in self.happened
            if what == wanted and like.items() <= how.items()
        ]

    def answers(self) -> list[int]:
        return self.times("say", author="atendente", public=True)

    def waits(self) -> list[tuple[int, int | None]]:
        """Each reopening, and the first answer before the next one."""
        parts: list[list[Happening]] = []
        for one in self.happened:
            if one[1] == "reopen":
                parts.append([])
            if parts:
                parts[-1].append(one)
        found = []
        for part in parts:
            alone = NaiveTicket("", "", None, happened=part)
            found.append((part[0][0], next(iter(alone.answers()), None)))
        return found

    def next_responses(self) -> list[tuple[int, int | None, int | None]]:
        """What the customer said after the first response, while nothing waited for an answer.

        When, when it was answered, and when it was settled.
        """
        found: list[tuple[int, int | None, int | None]] = []
        for number, (at_us, what, how) in enumerate(self.happened):
            before = NaiveTicket("", "", None, happened=self.happened[:number])
            answer = what == "say" and how["author"] == "atendente" and how["public"]
            if found and found[-1][2] is None and (answer or what in ("resolve", "close")):
                found[-1] = (found[-1][0], at_us if answer else None, at_us)
            elif what == "say" and how["author"] == "cliente" and before.owes_nothing():
                found.append((at_us, None, None))
        return found

    def owes_nothing(self) -> bool:
        """Whether it is worked on, was answered, and nothing waits for another answer."""
        return bool(self.answers()) and self.unanswered() is None and self.status in LIVELY

    def unanswered(self) -> int | None:
        """The first word of the customer, or reopening, behind the last that ended the waiting."""
        since = None
        for at_us, what, how in self.happened:
            answer = what == "say" and how["author"] == "atendente" and how["public"]
            if answer or what in ("resolve", "close"):
                since = None
            elif what == "reopen" or (what == "say" and how["author"] == "cliente"):
                since = at_us if since is None else since
        return since

    def text(self, wanted: str) -> str | None:
        texts = [how["text"] for _, what, how in self.happened if what == wanted]
        return texts[-1] if texts else None

    def ran_us(self) -> tuple[int, int | None]:
        """How long the clock ran before it was started last, and since when it runs."""
        total, since = 0, None
        for at_us, what, _ in self.happened:
            runs = NEXT[what] in CLOCK_RUNS if what in NEXT else since is not None
            if runs and since is None:
                since = at_us
            elif not runs and since is not None:
                total, since = total + at_us - since, None
        return total, since


def shown(file: Any) -> dict[str, Any]:
    """What the program shows of a ticket, in the form of the model."""
    ticket, texts = file.ticket, file.texts
    return {
        "ticket_id": ticket.ticket_id,
        "customer": ticket.customer_id,
        "card": ticket.card_id,
        "status": ticket.status,
        "attendant": ticket.attendant,
        "opened": ticket.opened_at_us,
        "answered": ticket.first_response_at_us,
        "first resolved": ticket.first_resolved_at_us,
        "last resolved": ticket.resolved_at_us,
        "closed": ticket.closed_at_us,
        "reopenings": ticket.reopenings,
        "priority": ticket.priority,
        "reopened": (ticket.reopened_at_us, ticket.reopening_answered_at_us),
        "unanswered": ticket.unanswered_since_us,
        "said": [
            (one.author, one.public, one.name or customers_name, message)
            for one, (message, customers_name) in zip(
                ticket.interactions, texts.messages, strict=True
            )
        ],
        "texts": [texts.subject, texts.resolution, texts.reopening],
        "ran": (ticket.ran_us, ticket.runs_since_us),
    }
