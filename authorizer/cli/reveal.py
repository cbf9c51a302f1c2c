"""Personal text in described events: hidden, or opened with the keys for those who may see it."""

from collections.abc import Callable
from typing import Any, Final

import click
import orjson

from authorizer.domain.accounts.events import CardOpened, CardReplaced
from authorizer.domain.customers.person import Person
from authorizer.domain.messages import Event
from authorizer.domain.sealing import PLAIN, Sealed, is_plain
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy.keyring import HEADER, SEALED, Keyring, VaultDamagedError
from authorizer.persistence.privacy.vault import read_keys
from authorizer.runtime.world import key_place
from authorizer.settings.model import Settings

_PERSONAL: Final = frozenset(("personal", "text", "justification"))
"""The fields that hold sealed text, wherever in an event they are. Times have a `text` too."""
_MASK: Final = "***"


def hide(line: dict[str, Any]) -> None:
    """Mask what was journaled unsealed; what is sealed hides itself."""
    _each_text(line, lambda _, sealed: _MASK if is_plain(sealed) else sealed)


class Revealer:
    """Opens personal text as far as its keys are there; None stands where one is not.

    It must be shown every event, in order: only that tells whose a card is.
    """

    def __init__(self, settings: Settings) -> None:
        """Read the keys.

        Raises:
            click.ClickException: they can't be read.
        """
        keys = key_place(settings, LocalDisk(settings.data))
        try:
            self._keys = read_keys(keys.disk, keys.folder)
        except FileNotFoundError:  # older versions had no keys, and sealed nothing
            self._keys = Keyring(HEADER)
        except (OSError, VaultDamagedError) as error:
            raise click.ClickException(f"the keys of personal data: {error}") from error
        self._customer_of_card: dict[str, str] = {}

    def pass_by(self, event: Event) -> None:
        """Learn from an event, whether it is shown or not."""
        if isinstance(event, CardOpened | CardReplaced):
            self._customer_of_card[event.terms.card_id] = event.customer_id

    def reveal(self, line: dict[str, Any]) -> None:
        """Open every text in a described event."""
        customer_id = line.get("customer_id") or self._customer_of_card.get(line.get("card_id", ""))
        if customer_id is not None:
            _each_text(line, lambda name, sealed: self._opened(name, customer_id, sealed))

    def _opened(self, name: str, customer_id: str, sealed: Sealed) -> Any:
        text = self._keys.open(customer_id, sealed)
        if text is None or name == "justification":
            return text
        fields = orjson.loads(text)
        return Person(*fields)._asdict() if name == "personal" else fields


def _each_text(value: Any, change: Callable[[str, Sealed], Any]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in _PERSONAL and isinstance(inner, str) and inner.startswith((SEALED, PLAIN)):
                value[name] = change(name, Sealed(inner))
            else:
                _each_text(inner, change)
    elif isinstance(value, list):
        for inner in value:
            _each_text(inner, change)
