"""Places on the command line: folders, or URLs of object stores."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from typing_extensions import override

from authorizer.persistence.backup import manifest as stored
from authorizer.persistence.backup.manifest import Manifest
from authorizer.persistence.stores.places import open_store
from authorizer.persistence.stores.protocol import ObjectStore
from authorizer.settings.model import Settings

F = TypeVar("F", bound=Callable[..., Any])


class PlaceType(click.ParamType[ObjectStore]):
    """The store at a place."""

    name = "PLACE"

    @override
    def convert(self, value: Any, param: Any, ctx: Any) -> ObjectStore:
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        try:
            return open_store(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def place_option(*names: str, **attributes: Any) -> Callable[[F], F]:
    """An option that takes a place."""
    return click.option(*names, type=PlaceType(), **attributes)


def keys_option(name: str, said: str) -> Callable[[F], F]:
    """Where the keys of personal data are stored, or the word that they are not: `keys_at`."""

    def decorate(command: F) -> F:
        without = click.option(
            "--without-keys", is_flag=True, help="The keys of personal data are kept elsewhere."
        )
        return place_option(name, "keys_at", help=said)(without(command))

    return decorate


def check_keys_are_told(name: str, keys_at: ObjectStore | None, without_keys: bool) -> None:
    """UsageError unless it is said where the keys are, or that they are not asked for.

    Without them all personal data is lost, and beside the journal they open it: nobody should find
    out which it was on the day that a backup is needed.
    """
    if (keys_at is None) != without_keys:
        raise click.UsageError(
            f"say where the keys of personal data are stored, with {name} PLACE (better not the "
            "place of the journal), or --without-keys"
        )


@contextmanager
def noted(settings: Settings) -> Iterator[None]:
    """Note something of backups in the data folder; where that fails it is said, and no more."""
    try:
        yield
    except OSError as error:
        click.echo(f"not noted in {settings.data}: {error}", err=True)


def manifest_of(store: ObjectStore, name: str | None) -> Manifest:
    """The backup of this name, or the newest one."""
    found = stored.backups(store)
    if not found.names:
        raise click.ClickException(f"there is no backup in {store.path('')}")
    wanted = name or found.newest
    if wanted not in found.names:
        raise click.ClickException(
            f"there is no backup {wanted!r} in {store.path('')}; the newest is {found.newest}"
        )
    return stored.read(store, str(wanted))
