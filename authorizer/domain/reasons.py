"""Why a transaction was decided as it was: one word, with the codes of both worlds."""

from enum import Enum


class Reason(Enum):
    """The outcome of an authorization, in one word.

    `code` is the challenge's answer: 00 approved, 51 no funds, 07 anything else. `iso8583` is the
    response code (field 39) that an ISO 8583:1987 network would carry for the same reason. The two
    differ on purpose: 07 means «pick up card» in ISO 8583, so the challenge's 07 is ours alone.
    """

    APPROVED = ("approved", "00", "00")
    INSUFFICIENT_FUNDS = ("insufficient_funds", "51", "51")
    MALFORMED = ("malformed", "07", "30")
    INVALID_AMOUNT = ("invalid_amount", "07", "13")
    ACCOUNT_NOT_FOUND = ("account_not_found", "07", "14")
    CARD_NOT_FOUND = ("card_not_found", "07", "14")
    CARD_BLOCKED = ("card_blocked", "07", "62")
    DUPLICATE_MISMATCH = ("duplicate_mismatch", "07", "94")
    TOO_LATE = ("too_late", "07", "68")
    OVERLOADED = ("overloaded", "07", "91")
    UNAVAILABLE = ("unavailable", "07", "91")

    def __init__(self, word: str, code: str, iso8583: str) -> None:
        self.word = word
        self.code = code
        self.iso8583 = iso8583

    __hash__ = object.__hash__  # Enum's own runs in Python, on every lookup by reason

    @classmethod
    def of(cls, word: str) -> "Reason":
        """The reason that an event names. KeyError for a word that never was one."""
        return _BY_WORD[word]


_BY_WORD = {reason.word: reason for reason in Reason}
