"""What is known in a data folder of its backups: `DATA/backups/places.json`.

`backup` and `verify --backup` leave it there for people and metrics. Nothing rests on it: the
truth about a backup is in its place. So a file that can't be read counts as none, and the next
backup writes it anew.
"""

from collections.abc import Callable
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from authorizer.domain.backups import PlaceOfBackups, VerifiedBackup
from authorizer.domain.moments import moment_of, us_of
from authorizer.persistence.disk import Disk
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.small_file import SmallFile

FOLDER: Final = "backups"
FILE: Final = f"{FOLDER}/places.json"
LOCK: Final = f"{FOLDER}/lock"
TEMPORARY: Final = f"{FOLDER}/new-places.tmp"
MAX_PLACES: Final = 20
"""Places that are remembered; the one whose backup is oldest goes first."""


class _StoredCheck(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    at: AwareDatetime
    whole: bool


class _StoredPlace(BaseModel):
    model_config = ConfigDict(extra="forbid")

    place: str
    name: str
    taken_at: AwareDatetime
    position: int
    keys_at: str | None
    verified: _StoredCheck | None


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1]
    places: list[_StoredPlace]


def read_places(disk: Disk) -> tuple[PlaceOfBackups, ...]:
    """The places that are known, the newest backup last; none where no record can be made out.

    Raises:
        OSError: the file is there, and the disk does not give it.
    """
    return tuple(sorted(_FILE.read(disk), key=lambda place: place.taken_at_us))


def note_taken(disk: LocalDisk, taken: PlaceOfBackups) -> None:
    """Note a backup that was taken. OSError: the data folder can't be written."""
    _change(disk, lambda known: _with(taken, known))


def note_verified(disk: LocalDisk, place: str, verified: VerifiedBackup) -> None:
    """Note that a backup was looked at, if backups of this folder go to its place. OSError."""
    if any(each.place == place for each in read_places(disk)):
        _change(disk, lambda known: tuple(_looked_at(each, place, verified) for each in known))


def _with(taken: PlaceOfBackups, known: tuple[PlaceOfBackups, ...]) -> tuple[PlaceOfBackups, ...]:
    before = next((each for each in known if each.place == taken.place), None)
    others = [each for each in known if each.place != taken.place]
    verified = None if before is None else before.verified
    return (*others[-(MAX_PLACES - 1) :], taken._replace(verified=verified))


def _looked_at(known: PlaceOfBackups, place: str, verified: VerifiedBackup) -> PlaceOfBackups:
    return known._replace(verified=verified) if known.place == place else known


def _change(
    disk: LocalDisk, change: Callable[[tuple[PlaceOfBackups, ...]], tuple[PlaceOfBackups, ...]]
) -> None:
    disk.make_folder(FOLDER)
    with disk.turn(LOCK):
        places = change(read_places(disk))
        _FILE.write(disk, _Stored(version=1, places=[_stored(each) for each in places]))


def _parse(_: Disk, content: bytes) -> tuple[PlaceOfBackups, ...]:
    try:
        stored = _Stored.model_validate_json(content)
    except ValidationError:
        return ()
    return tuple(_place(each) for each in stored.places)


def _place(stored: _StoredPlace) -> PlaceOfBackups:
    looked = stored.verified
    return PlaceOfBackups(
        stored.place,
        stored.name,
        us_of(stored.taken_at),
        stored.position,
        stored.keys_at,
        None if looked is None else VerifiedBackup(looked.name, us_of(looked.at), looked.whole),
    )


def _stored(place: PlaceOfBackups) -> _StoredPlace:
    looked = place.verified
    return _StoredPlace(
        place=place.place,
        name=place.name,
        taken_at=moment_of(place.taken_at_us),
        position=place.position,
        keys_at=place.keys_at,
        verified=looked
        and _StoredCheck(name=looked.name, at=moment_of(looked.at_us), whole=looked.is_whole),
    )


_FILE: Final = SmallFile(FILE, TEMPORARY, _parse)
