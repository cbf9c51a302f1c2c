"""What the data folder says of its backups, followed while the server runs: page and metrics."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from authorizer.actors.entity import OffLoop
from authorizer.domain.backups import PlaceOfBackups
from authorizer.http.metrics import Metrics
from authorizer.persistence.backup.record import read_places
from authorizer.persistence.disk import Disk

LOOK_SECONDS: Final = 0.5
"""How long a backup that was taken may take to be told."""

log = structlog.get_logger()


class Backups:
    """The places of backups as they are known now."""

    def __init__(self, disk: Disk, metrics: Metrics) -> None:
        self._disk = disk
        self._problem = ""
        self._places: tuple[PlaceOfBackups, ...] = ()
        self.look()
        metrics.gauge(
            "authorizer_backup_taken_timestamp_seconds",
            "When the newest backup that is noted here was taken; 0: none is.",
            lambda: self._places[-1].taken_at_us / 1e6 if self._places else 0,
        )
        metrics.gauge(
            "authorizer_backup_position",
            "Where the journal of that backup ends.",
            lambda: self._places[-1].position if self._places else 0,
        )
        metrics.gauge(
            "authorizer_backup_verified_timestamp_seconds",
            "When a backup was found whole last; 0: never.",
            lambda: max(map(_found_whole_at_us, self._places), default=0) / 1e6,
        )

    def places(self) -> Sequence[PlaceOfBackups]:
        """The places that are known, the newest backup last."""
        return self._places

    async def follow(self, off_loop: OffLoop) -> None:
        """Read the record again and again. Never returns."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await off_loop(self.look)

    def look(self) -> None:
        """Read the record; where the disk does not give it, what it said before is kept."""
        try:
            self._places = read_places(self._disk)
        except OSError as error:
            if str(error) != self._problem:
                log.warning("the record of backups can't be read", problem=str(error))
            self._problem = str(error)
        else:
            self._problem = ""


def _found_whole_at_us(place: PlaceOfBackups) -> int:
    verified = place.verified
    return verified.at_us if verified is not None and verified.is_whole else 0
