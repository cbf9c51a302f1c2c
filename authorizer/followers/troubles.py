"""Troubles that keep a follower from moving on or answering: each logged once, and its end once."""

from threading import Lock
from typing import NamedTuple

import structlog

log = structlog.get_logger()


class Trouble(NamedTuple):
    """Something that keeps a follower where it is. It is tried again, perhaps for days."""

    began: str
    """The log's event when it begins."""
    over: str
    """The log's event when it is over."""
    problem: str
    is_outage: bool = False
    """Whether the follower's store is out of reach. All problems of an outage are one trouble,
    and any answer ends it."""


class Troubles:
    """The troubles that were logged and are not over. Used by several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._logged: dict[str, Trouble] = {}

    def began(self, trouble: Trouble) -> None:
        """Log a trouble, unless it was logged and is not over."""
        key = trouble.began if trouble.is_outage else trouble.problem
        with self._lock:
            if key in self._logged:
                return
            self._logged[key] = trouble
        log.error(trouble.began, problem=trouble.problem)

    def over(self, outages_only: bool = False) -> None:
        """Log the end of all troubles, or of the outages among them."""
        with self._lock:
            over = {
                key: trouble
                for key, trouble in self._logged.items()
                if trouble.is_outage or not outages_only
            }
            self._logged = {
                key: trouble for key, trouble in self._logged.items() if key not in over
            }
        if over:
            log.info(max(over.values(), key=lambda trouble: trouble.is_outage).over)
