"""Personal text is sealed: it can be read only with the key of the person it is about.

The journal never forgets, but a person may ask to be forgotten (LGPD, art. 18, VI). So what is
personal stands in events and in state only sealed, each person under a key of their own; once that
key is destroyed nothing gives the text back, and everything else stays as it was.
"""

from typing import Final, NewType, Protocol

Sealed = NewType("Sealed", str)
"""Personal text as it stands in events, in state and in tables."""

PLAIN: Final = "plain:"
"""What begins a text that an older version journaled unsealed: no key can make it unreadable."""


def unsealed(plain: str) -> Sealed:
    """A text that was journaled before texts were sealed."""
    return Sealed(PLAIN + plain)


class PlainTexts(tuple[str | None, ...]):
    """Texts that an old record holds unsealed and apart, where events have one text now.

    What reads the record joins them (`Context.join_texts`) and marks them as `unsealed`.
    """

    __slots__ = ()


def is_plain(sealed: Sealed) -> bool:
    """Whether a text can be read without a key."""
    return sealed.startswith(PLAIN)


class Sealer(Protocol):
    """Seals and opens personal text. It needs randomness and keys, so it comes in from outside."""

    def has_key(self, customer_id: str) -> bool:
        """Whether there is a key for this customer: without one nothing can be sealed or opened."""

    def seal(self, customer_id: str, plain: str) -> Sealed:
        """Seal a text under the customer's key. KeyError where there is none: ask `has_key`."""

    def open(self, customer_id: str, sealed: Sealed) -> str | None:
        """The text again; None where the key was destroyed."""
