"""The index of customers: found by all that is asked for, in order, page by page."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.domain.customers.person import Person
from authorizer.domain.customers.person_search import (
    CPF,
    EMAIL,
    NAME,
    PHONE,
    Criterion,
    Found,
    terms_of,
    wanted,
)
from authorizer.domain.text import fold_name
from authorizer.persistence.privacy.customer_index import CustomerIndex

names = st.lists(
    st.sampled_from(["Ana", "Ánã", "Bruno", "Bru", "da", "Zé"]), min_size=1, max_size=3
)
people = st.builds(
    Person,
    names.map(" ".join),
    st.sampled_from(["12345678900", "123.456.789-01", "99999999999"]),
    st.none() | st.sampled_from(["+55 11 91234-5678", "11 91234-0000"]),
    st.none() | st.just("a@example.com"),
)
criteria = st.lists(
    st.builds(wanted, st.just(NAME), st.sampled_from(["a", "ana", "bru", "da bruno", "ze", "q"]))
    | st.builds(wanted, st.just(CPF), st.sampled_from(["123", "9", "0"]))
    | st.builds(wanted, st.just(CPF), st.just("123.456.789-01"), st.booleans())
    | st.builds(wanted, st.just(PHONE), st.sampled_from(["55", "119", "(011) 9 1234", "91234-0"]))
    | st.builds(wanted, st.just(PHONE), st.just("11 1234-0000"), st.booleans()),
    max_size=3,
).map(lambda found: tuple(criterion for criteria in found for criterion in criteria))


def matches(person: Person, criteria: tuple[Criterion, ...]) -> bool:
    own = terms_of(person)
    return all(
        any(
            term.field == wanted_.field
            and (term.text == text if wanted_.whole else term.text.startswith(text))
            for term in own
            for text in wanted_.texts
        )
        for wanted_ in criteria
    )


@settings(max_examples=60)
@given(
    st.dictionaries(st.sampled_from("abcdefgh"), people, max_size=8),
    st.dictionaries(st.sampled_from("abcdefgh"), st.none() | people, max_size=4),
    criteria,
    st.integers(1, 3),
)
def test_the_index_finds_what_a_look_at_everybody_finds(
    loaded: dict[str, Person],
    changed: dict[str, Person | None],
    criteria: tuple[Criterion, ...],
    limit: int,
) -> None:
    """After any changes, in pages of any size, nobody twice and nobody left out."""
    index = CustomerIndex()
    index.load(loaded.items())
    index.loaded()
    index.put(changed.items())
    now = {name: person for name, person in {**loaded, **changed}.items() if person is not None}
    expected = sorted(
        Found(fold_name(person.name), name)
        for name, person in now.items()
        if matches(person, criteria)
    )
    found: list[Found] = []
    while page := index.find(criteria, found[-1] if found else None, limit):
        assert len(page) <= limit
        found += page
    assert found == expected
    index.close()


def test_what_is_wanted_whole_is_not_found_by_what_it_begins_with() -> None:
    index = CustomerIndex()
    person = Person("Ana", "12345678900", "+44 20 7946 0958", "ana@example.com.br")
    index.load([("c", person)])
    index.loaded()
    for field, part in ((PHONE, "+44 20 7946 095"), (EMAIL, "ana@example.com")):
        found = [index.find(wanted(field, part, whole), None, 10) for whole in (False, True)]
        assert [len(each) for each in found] == [1, 0]
    index.close()


def test_an_empty_index_finds_nobody() -> None:
    index = CustomerIndex()
    index.loaded()
    assert index.find((), None, 10) == []
    assert index.find(wanted(NAME, "a"), None, 10) == []


def test_the_index_is_on_no_disk() -> None:
    index = CustomerIndex()
    assert index._db.execute("PRAGMA database_list").fetchall() == [(0, "main", "")]
    assert index._db.execute("PRAGMA temp_store").fetchone() == (2,)
