"""L3: merchant overrides, how names are compared and which one is met."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.domain.descriptors import merchant_key
from authorizer.domain.merchants.state import MerchantTable
from authorizer.domain.text import normalize_name
from tests.support.builders import merchants

HIGHEST = 0x20000
"""Above it are ideographs, which have neither case nor accents."""
SAO_PAULO = "UBER EATS                   SAO PAULO BR"


# --- how names are compared ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("PADARIA DO ZE", "padaria do ze"),
        ("PADARIA DO ZÉ", "PADARIA DO ZE"),
        ("Açougue São João", "ACOUGUE SAO JOAO"),
        ("cafe\N{COMBINING ACUTE ACCENT}", "CAFÉ"),
        ("PADARIA DO ZE               SAO PAULO BR", "PADARIA DO ZE SAO PAULO BR"),
        ("  UBER TRIP  ", "UBER TRIP"),
        ("UBER\tTRIP\n", "UBER TRIP"),
        ("UBER\N{NO-BREAK SPACE}TRIP", "UBER TRIP"),
        ("UBER\N{IDEOGRAPHIC SPACE}TRIP", "UBER TRIP"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER U}BER", "uber"),
        ("ﬁsh", "FISH"),
        ("STRASSE", "straße"),
        ("№1", "no1"),
        ("İstanbul", "istanbul"),
        ("ΣΊΣΥΦΟΣ", "σισυφος"),
    ],
)
def test_two_spellings_of_one_name_are_equal(one: str, other: str) -> None:
    assert normalize_name(one) == normalize_name(other)
    assert merchants((one, "5811")).mcc_for(other) == "5811"
    assert merchants((other, "5811")).mcc_for(one) == "5811"


@pytest.mark.parametrize(
    "other",
    [
        "UBER EATS                   RIO DE JANEIRO BR",
        "UBER EATS",
        "UBER EATS SAO PAULO",
        "UBEREATS SAO PAULO BR",
        "UBER EATS SAO PAULO BR X",
        "X UBER EATS SAO PAULO BR",
    ],
)
def test_the_whole_descriptor_counts_city_and_country_too(other: str) -> None:
    assert merchants((SAO_PAULO, "5812")).mcc_for(other) is None


def test_folding_a_folded_name_changes_nothing() -> None:
    for first in range(0, HIGHEST, 1024):
        name = "".join(f"a{chr(code)}b " for code in range(first, first + 1024))
        folded = normalize_name(name)
        assert normalize_name(folded) == folded, hex(first)


# --- prefixes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "merchant"),
    [
        ("UBER*", "UBER"),
        ("UBER*", "UBER EATS SAO PAULO BR"),
        ("UBER*", "uber  trip"),
        ("UBER*", "UBER*TRIP"),
        ("UBER*", "UBER-EATS"),
        ("UBER*", "ÜBER.COM"),
        ("UBER *", "UBER EATS"),
        ("UBER *", "UBER"),
        ("  über   EATS  *  ", "UBER EATS SAO PAULO"),
        ("PAG**", "PAG*JoseDaSilva"),
        ("UBER-*", "UBER-EATS"),
        ("ZE -*", "ZE -PADARIA"),
    ],
)
def test_a_name_that_ends_in_a_star_is_a_prefix_up_to_a_word_boundary(
    name: str, merchant: str
) -> None:
    assert merchants((name, "5812")).mcc_for(merchant) == "5812"


@pytest.mark.parametrize(
    ("name", "merchant"),
    [
        ("UBER*", "UBERABA SUPERMERCADO"),
        ("UBER*", "UBER2"),
        ("UBER*", "MY UBER"),
        ("UBER*", "UBE"),
        ("UBER *", "UBERABA"),
        ("UBER EATS*", "UBER"),
        ("LOJA 1*", "LOJA 12"),
        ("CAFÉ*", "CAFETERIA"),
        ("PAG**", "PAG JoseDaSilva"),
    ],
)
def test_a_prefix_never_cuts_a_word_in_two(name: str, merchant: str) -> None:
    assert merchants((name, "5812")).mcc_for(merchant) is None


def test_a_star_elsewhere_is_a_plain_character() -> None:
    table = merchants(("PAG*JoseDaSilva", "5811"))
    assert table.mcc_for("PAG*JoseDaSilva") == "5811"
    assert table.mcc_for("PAG*josedasilva          SAO PAULO BR") is None
    assert table.mcc_for("PAG*MariaDaSilva") is None
    assert table.mcc_for("PAGXXJoseDaSilva") is None


def test_a_descriptor_that_ends_in_a_star_is_no_prefix() -> None:
    assert merchants(("UBER EATS", "5812")).mcc_for("UBER*") is None
    assert merchants(("UBER*", "5812")).mcc_for("UBER*") == "5812"


@pytest.mark.parametrize("backwards", [False, True])
def test_the_longest_prefix_wins(backwards: bool) -> None:
    entries = [("UBER*", "1"), ("UBER EATS*", "2"), ("UBER EATS SAO*", "3")]
    table = merchants(*(reversed(entries) if backwards else entries))
    assert table.mcc_for("UBER") == "1"
    assert table.mcc_for("UBER TRIP") == "1"
    assert table.mcc_for("UBER EATS RIO") == "2"
    assert table.mcc_for("UBER EATS SAO PAULO BR") == "3"
    assert table.mcc_for("UBER EATS SAOPAULO") == "2"


@pytest.mark.parametrize("backwards", [False, True])
def test_an_exact_name_wins_before_any_prefix(backwards: bool) -> None:
    entries = [("UBER*", "1"), ("UBER EATS", "2"), ("UBER EATS*", "3")]
    table = merchants(*(reversed(entries) if backwards else entries))
    assert table.mcc_for("uber eats") == "2"
    assert table.mcc_for("UBER EATS SAO PAULO") == "3"


# --- the table -----------------------------------------------------------------------------------


def test_where_no_entry_is_met_the_payloads_mcc_stands() -> None:
    assert MerchantTable().mcc_for("UBER") is None
    assert merchants(("IFOOD", "5811")).mcc_for("UBER") is None


def test_two_spellings_of_a_name_are_one_entry_and_the_newer_is_kept() -> None:
    table = merchants(("UBER  EATS", "1"), ("Über Eats", "2"))
    assert table.entries() == [("Über Eats", "2")]
    assert len(table) == 1
    assert table.get("uber eats") == ("Über Eats", "2")


def test_a_name_and_the_prefix_of_that_name_are_two_entries() -> None:
    table = merchants(("UBER", "1"), ("UBER*", "2"))
    assert table.entries() == [("UBER", "1"), ("UBER*", "2")]
    assert table.get("uber") == ("UBER", "1")
    assert table.get("uber *") == ("UBER*", "2")


def test_a_change_of_the_table_is_seen_by_the_next_lookup() -> None:
    table = MerchantTable()
    assert table.mcc_for("UBER EATS") is None
    table.register("UBER*", "1")
    assert table.mcc_for("UBER EATS") == "1"
    table.register("UBER*", "2")
    assert table.mcc_for("UBER EATS") == "2"
    table.register("UBER EATS", "3")
    assert table.mcc_for("UBER EATS") == "3"
    table.remove("über eats")
    assert table.mcc_for("UBER EATS") == "2"
    table.remove("uber*")
    assert table.mcc_for("UBER EATS") is None


def test_removing_what_is_not_there_is_an_error_that_changes_nothing() -> None:
    table = merchants(("UBER", "1"))
    with pytest.raises(KeyError):
        table.remove("UBER*")
    assert table.entries() == [("UBER", "1")]


def test_lookups_of_many_names_are_remembered_within_a_bound() -> None:
    table = merchants(("LOJA 7*", "1"))
    for number in range(40_000):
        table.mcc_for(f"LOJA {number}")
    assert table.mcc_for("LOJA 7") == "1"
    assert len(table._memo) <= 16_384


NAMES = st.text("ab1éÉ *-\t", min_size=1, max_size=8).filter(lambda name: name.strip(" \t*") != "")


def naive_fold(name: str) -> str:
    plain = [
        char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char)
    ]
    return re.sub(r"\s+", " ", "".join(plain)).strip().casefold()


def naive_search(entries: list[tuple[str, str]], merchant: str) -> str | None:
    """The rule, word for word, over all entries."""
    name = naive_fold(merchant)
    longest, found = 0, None
    for registered, mcc in entries:
        folded = naive_fold(registered)
        if not folded.endswith("*"):
            if folded == name:
                return mcc
            continue
        stem = folded[:-1].strip()
        rest = name.removeprefix(stem)
        met = name.startswith(stem)
        cut = met and rest != "" and rest[0].isalnum() and stem[-1].isalnum()
        if met and not cut and len(stem) > longest:
            longest, found = len(stem), mcc
    return found


@settings(max_examples=150)
@given(
    st.lists(st.tuples(NAMES, st.booleans()), max_size=8),
    st.lists(NAMES | st.text(max_size=12), min_size=1, max_size=5),
)
def test_a_lookup_finds_what_a_search_through_all_entries_finds(
    changes: list[tuple[str, bool]], descriptors: list[str]
) -> None:
    table = MerchantTable()
    entries: dict[str, tuple[str, str]] = {}
    for number, (name, keep) in enumerate(changes):
        if keep or merchant_key(name) not in entries:
            table.register(name, str(number))
            entries[merchant_key(name)] = (name, str(number))
        else:
            table.remove(name)
            del entries[merchant_key(name)]
        for merchant in (*descriptors, *(registered for registered, _ in changes)):
            assert table.mcc_for(merchant) == naive_search(list(entries.values()), merchant)
