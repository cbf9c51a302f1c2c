"""A place as it is given on the command line: a folder, or the URL of an object store."""

import re
from pathlib import Path
from typing import Final

from authorizer.persistence.stores.folder_store import FolderStore
from authorizer.persistence.stores.protocol import ObjectStore

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://")
EXTRA: Final = "object-store"
"""The extra of the package that brings the library."""


def told(store: ObjectStore) -> str:
    """A place in words that stay true in another folder: a URL, or the whole path of a folder."""
    place = store.path("")
    return place.rstrip("/") if _URL.match(place) else str(Path(place).resolve())


def open_store(place: str) -> ObjectStore:
    """The store at a place. Nothing is asked of it yet.

    Raises:
        ValueError: it can't be one, or the library for it is not installed.
    """
    if not _URL.match(place):
        return FolderStore(Path(place))
    try:
        from authorizer.persistence.stores.cloud_store import CloudStore  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{place} needs {error.name}: pip install 'card-authorizer[{EXTRA}]'"
        ) from error
    return CloudStore(place)
