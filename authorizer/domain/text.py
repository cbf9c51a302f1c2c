"""Text as it is compared: without accents, case, and what nobody sees."""

import re
import unicodedata
from typing import Final

MAX_FOLDED: Final = 256
"""Characters of a folded text that count: one letter may unfold into eighteen."""
MAX_WORDS: Final = 8
"""Words of a name that is looked for that count: the longest, which few names have."""

_WITH: Final = re.compile(r"LATIN (?:SMALL|CAPITAL) LETTER ([A-Z]) WITH .*")
_LATIN: Final = (range(0xC0, 0x250), range(0x1E00, 0x1F00))
_PLAIN_LETTERS: Final = {
    ord(char): match[1].lower()
    for part in _LATIN
    for char in map(chr, part)
    if (match := _WITH.fullmatch(unicodedata.name(char, "")))
} | str.maketrans({"æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "\u0131": "i", "ŋ": "n", "ĸ": "k"})
"""Letters that no decomposition takes apart, such as the ł of Łukasz, by their code."""

_APOSTROPHES: Final = dict.fromkeys(
    map(ord, "`\u00b4\u2018\u2019\u02b9\u02bc\u02c8\u2032\uff07"), "'"
)
_HYPHENS: Final = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"), "-")
_BREAKS: Final = re.compile(r"(?:[^\w'-]|_)+")
_JOINTS: Final = re.compile(r"['-]+")
_NO_WORD: Final = re.compile(r"[\W_]+")


def visible(text: str) -> str:
    """A text in its plain characters (NFKC), without those that only steer how it is shown."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text)
    return "".join(char for char in plain if unicodedata.category(char) != "Cf")


def fold(text: str) -> str:
    """A text without accents and case, its white space collapsed."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", visible(text))
        text = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(text.casefold().translate(_PLAIN_LETTERS)[:MAX_FOLDED].split())


def fold_name(name: str) -> str:
    """A name without accents, case and punctuation, its words one space apart."""
    return _NO_WORD.sub(" ", fold(name)).strip()


def name_words(name: str) -> set[str]:
    """The words by which a name is found: D'Ávila by d, avila and davila."""
    found: set[str] = set()
    before = ""
    for token in _tokens(name):
        parts = [part for part in _JOINTS.split(token) if part]
        found.update(parts, ["".join(parts)])
        if len(before) == 1:
            found.add(before + parts[0])
        before = parts[-1]
    return found


def wanted_words(name: str) -> list[str]:
    """The words that a name must have, or begin with, to be found; the longest first."""
    words = {part.replace("'", "") for token in _tokens(name) for part in token.split("-")}
    return sorted(words - {""}, key=lambda word: (-len(word), word))[:MAX_WORDS]


def _tokens(name: str) -> list[str]:
    folded = fold(name.translate(_APOSTROPHES).translate(_HYPHENS))
    return [token for token in _BREAKS.split(folded) if token.strip("'-")]


def normalize_name(name: str) -> str:
    """Fold a merchant descriptor for comparison.

    Unicode NFKD with accents dropped, case folded, white space collapsed and trimmed. The whole
    descriptor counts, city and country too.
    """
    decomposed = unicodedata.normalize("NFKD", name)
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(plain.casefold().split())
