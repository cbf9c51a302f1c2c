"""A mapping in shards is a mapping like a dict, and no shard grows large."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from authorizer.persistence.state.shards import Shards

ACTIONS = st.lists(st.tuples(st.sampled_from("sdg"), st.text(max_size=3), st.integers()))


@given(ACTIONS)
def test_it_does_what_a_dict_does(actions: list[tuple[str, str, int]]) -> None:
    shards: Shards[int] = Shards()
    plain: dict[str, int] = {}
    for action, key, value in actions:
        if action == "s":
            shards[key] = plain[key] = value
        elif action == "d":
            assert shards.pop(key, None) == plain.pop(key, None)
        assert shards.get(key) == plain.get(key)
        assert shards.get(key, "none") == plain.get(key, "none")
        assert (key in shards) is (key in plain)
        assert len(shards) == len(plain)
    assert shards == plain
    assert sorted(shards.items()) == sorted(plain.items())


def test_entries_spread_over_the_shards() -> None:
    shards: Shards[int] = Shards()
    for number in range(25_600):
        shards[str(1_000_000_000 + number)] = number
    assert max(map(len, shards._shards)) < 200
