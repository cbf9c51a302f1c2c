"""The service metrics of groups of tickets, as customer care words them.

A ticket belongs to the period in which it was opened, with all that has happened to it since.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from authorizer.actors.business_hours import BusinessHours
from authorizer.followers.reports.tickets.columns import (
    NEVER,
    NextResponses,
    Reopenings,
    TicketColumns,
)
from authorizer.followers.reports.tickets.durations import Column, Summary, summaries
from authorizer.followers.reports.tickets.worked_time import WorkedTime

Mask = npt.NDArray[np.bool_]

RATE_DECIMALS: Final = 6
_FAR_US: Final = np.iinfo(np.int64).max


class Measures(NamedTuple):
    """The measures of each ticket. Durations are microseconds, NEVER where there is none."""

    is_open: Column
    first_response_us: Column
    only_bot: Mask
    first_resolution_us: Column
    last_resolution_us: Column
    resolutions: Column
    reopenings: Column
    warned: Column
    missed: Column
    reopened_ticket: Column
    """By reopening, of which there may be more than tickets, or fewer: the ticket's place."""
    reopening_response_us: Column
    """By reopening."""
    asked_ticket: Column
    """By next response, of which there may be more than tickets, or fewer: the ticket's place."""
    next_response_us: Column
    """By next response."""
    response_kept: Mask
    response_broken: Mask
    next_response_kept: Mask
    """By next response, as the next."""
    next_response_broken: Mask
    resolution_kept: Mask
    resolution_broken: Mask
    legal_kept: Mask
    legal_broken: Mask


def measure(
    tickets: TicketColumns,
    reopenings: Reopenings,
    responses: NextResponses,
    now_us: int,
    hours: BusinessHours | None,
) -> Measures:
    """Measure tickets, in business hours or, where there are none, in calendar time.

    Service levels are measured by the tickets' own deadlines, whatever these were counted in.
    """
    ends = (tickets.first_response_us, tickets.first_resolution_us, tickets.last_resolution_us)
    first_response, first_resolution, last_resolution = _durations(tickets.opened_us, ends, hours)
    (answered,) = _durations(reopenings.reopened_us, (reopenings.answered_us,), hours)
    (next_response,) = _durations(responses.asked_us, (responses.answered_us,), hours)
    silent = first_response == NEVER
    return Measures(
        tickets.is_open,
        first_response,
        silent & (tickets.first_bot_us != NEVER),
        first_resolution,
        last_resolution,
        tickets.resolutions,
        tickets.reopenings,
        tickets.warned,
        tickets.missed,
        reopenings.ticket,
        answered,
        responses.ticket,
        next_response,
        *_level(tickets.response_due_us, now_us, _responded(tickets)),
        *_level(responses.due_us, now_us, responses.settled_us),
        *_resolution_level(tickets, now_us),
        *_level(tickets.legal_due_us, now_us, tickets.first_resolution_us),
    )


def _durations(
    begun_us: Column, ends_us: tuple[Column, ...], hours: BusinessHours | None
) -> list[Column]:
    if hours is None or not len(begun_us):
        return [np.where(end_us == NEVER, NEVER, end_us - begun_us) for end_us in ends_us]
    last_us = max(int(end_us.max()) for end_us in (begun_us, *ends_us))
    worked = WorkedTime(hours, int(begun_us.min()), last_us)
    by_begin = worked.until(begun_us)
    return [np.where(end_us == NEVER, NEVER, worked.until(end_us) - by_begin) for end_us in ends_us]


def _responded(tickets: TicketColumns) -> Column:
    """As `domain.tickets.clock`: a ticket resolved without a response owes none any more."""
    ends = [np.where(at_us == NEVER, _FAR_US, at_us) for at_us in _ends_of_response(tickets)]
    first = np.minimum(*ends)
    return np.where(first == _FAR_US, NEVER, first)


def _ends_of_response(tickets: TicketColumns) -> tuple[Column, Column]:
    return tickets.first_response_us, tickets.first_resolution_us


def _level(due_us: Column, now_us: int, settled_us: Column) -> tuple[Mask, Mask]:
    """What was kept, and what was broken."""
    done = settled_us != NEVER
    broken = np.where(done, settled_us, now_us) > due_us
    return done & ~broken, broken


def _resolution_level(tickets: TicketColumns, now_us: int) -> tuple[Mask, Mask]:
    """By the time that the ticket's clock ran; a reopened ticket is to be settled again."""
    runs = tickets.resolution_due_us != NEVER
    ran_longer = tickets.ran_us > tickets.resolution_target_us
    broken = np.where(runs, now_us > tickets.resolution_due_us, ran_longer)
    return (tickets.is_open == 0) & ~broken, broken


def service_metrics(measures: Measures, groups: Column, group_count: int) -> list[dict[str, Any]]:
    """The metrics of each group; `groups` says for each ticket which one it is in."""

    def counted(numbers: Column | Mask, groups: Column = groups) -> list[int]:
        counts = np.bincount(groups, numbers, minlength=group_count)
        return [int(count) for count in counts]

    def waits(durations_us: Column, groups: Column = groups) -> list[dict[str, Any]]:
        came = durations_us != NEVER
        found = summaries(durations_us[came], groups[came], group_count)
        return [_summary(summary) for summary in found]

    def level(kept: Mask, broken: Mask, groups: Column = groups) -> list[dict[str, Any]]:
        all_of_them = np.bincount(groups, minlength=group_count).tolist()
        kept_counts, broken_counts = counted(kept, groups), counted(broken, groups)
        return list(map(_level_document, all_of_them, kept_counts, broken_counts))

    opened = np.bincount(groups, minlength=group_count).tolist()
    asked = groups[measures.asked_ticket]
    columns: dict[str, list[Any]] = {
        "em_aberto": counted(measures.is_open),
        "only_bot": counted(measures.only_bot),
        "first_response": waits(measures.first_response_us),
        "reopening_response": waits(
            measures.reopening_response_us, groups[measures.reopened_ticket]
        ),
        "resolucao_primeira": waits(measures.first_resolution_us),
        "resolucao_ultima": waits(measures.last_resolution_us),
        "resolucoes": counted(measures.resolutions),
        "reaberturas": counted(measures.reopenings),
        "warned": counted(measures.warned),
        "missed": counted(measures.missed),
        "response_level": level(measures.response_kept, measures.response_broken),
        "resolution_level": level(measures.resolution_kept, measures.resolution_broken),
        "next_response": waits(measures.next_response_us, asked),
        "next_level": level(measures.next_response_kept, measures.next_response_broken, asked),
        "legal_level": level(measures.legal_kept, measures.legal_broken),
        "asked": np.bincount(asked, minlength=group_count).tolist(),
    }
    return [
        _document(opened[group], {name: values[group] for name, values in columns.items()})
        for group in range(group_count)
    ]


def _document(opened: int, found: dict[str, Any]) -> dict[str, Any]:
    resolved = found["resolucao_primeira"]["quantidade"]
    answered = found["first_response"]["quantidade"]
    return {
        "abertos": opened,
        "em_aberto": found["em_aberto"],
        "resolvidos": resolved,
        "taxa_resolucao": _rate(resolved, opened),
        "primeira_resposta": {
            **found["first_response"],
            "sem_resposta": opened - answered,
            "so_robo": found["only_bot"],
        },
        "resposta_reabertura": {
            **found["reopening_response"],
            "sem_resposta": found["reaberturas"] - found["reopening_response"]["quantidade"],
        },
        "proxima_resposta": {
            **found["next_response"],
            "sem_resposta": found["asked"] - found["next_response"]["quantidade"],
        },
        "resolucao_primeira": found["resolucao_primeira"],
        "resolucao_ultima": found["resolucao_ultima"],
        "resolucoes": found["resolucoes"],
        "reaberturas": found["reaberturas"],
        "taxa_reabertura": _rate(found["reaberturas"], found["resolucoes"]),
        "escalonamentos": {"avisos": found["warned"], "vencidos": found["missed"]},
        "sla": {
            "primeira_resposta": found["response_level"],
            "resolucao": found["resolution_level"],
            "proxima_resposta": found["next_level"],
            "prazo_legal": found["legal_level"],
        },
    }


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "quantidade": summary.quantity,
        "media": summary.mean,
        "mediana": summary.median,
        "p90": summary.p90,
    }


def _level_document(opened: int, kept: int, broken: int) -> dict[str, Any]:
    """A service level neither kept nor broken is pending."""
    return {
        "cumpridos": kept,
        "vencidos": broken,
        "pendentes": opened - kept - broken,
        "taxa": _rate(kept, kept + broken),
    }


def _rate(part: int, whole: int) -> float | None:
    return round(part / whole, RATE_DECIMALS) if whole else None
