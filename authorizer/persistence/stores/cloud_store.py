"""An object store of a cloud, or one that speaks like it, through obstore.

Where it is, and who asks, come from the environment, by the names that the store's own tools use
(`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, …): secrets are not for command lines.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url
from typing_extensions import override

from authorizer.persistence.stores.protocol import ObjectStore


class CloudStore(ObjectStore):
    """The objects under a URL (`s3://bucket/path`, `gs://…`, `az://…`)."""

    def __init__(self, url: str) -> None:
        """ValueError if this is no URL of a store."""
        self._url = url.rstrip("/")
        try:
            self._store = from_url(self._url)
        except BaseError as error:
            raise ValueError(f"{url}: {_said(error)}") from error

    @override
    def sizes(self, folder: str) -> dict[str, int]:
        with self._telling(folder):
            listed = obstore.list(self._store, prefix=folder)
            return {found["path"]: found["size"] for chunk in listed for found in chunk}

    @override
    def put(self, name: str, data: bytes) -> None:
        with self._telling(name):
            obstore.put(self._store, name, data)

    @override
    def put_secret(self, name: str, data: bytes) -> None:
        """The store must not keep versions: what it held before would be one."""
        self.put(name, data)

    @override
    def get(self, name: str) -> bytes:
        with self._telling(name):
            return bytes(obstore.get(self._store, name).bytes())

    @override
    def remove(self, name: str) -> None:
        with self._telling(name):
            obstore.delete(self._store, name)

    @override
    def path(self, name: str) -> str:
        return f"{self._url}/{name}"

    @contextmanager
    def _telling(self, name: str) -> Iterator[None]:
        """Make the library's errors those that every store has."""
        try:
            yield
        except FileNotFoundError as error:
            raise FileNotFoundError(f"there is no {self.path(name)}") from error
        except BaseError as error:
            raise OSError(f"{self.path(name)}: {_said(error)}") from error


def _said(error: BaseError) -> str:
    """The error's first line: a dump of its parts follows."""
    return str(error).partition("\n")[0]
