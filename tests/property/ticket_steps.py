"""Anything that may be asked of a ticket, in the words of the naive model."""

from __future__ import annotations

from hypothesis import strategies as st

words = st.sampled_from(["a", "não fui eu", "x" * 300])
attendants = st.fixed_dictionaries({"who": st.sampled_from(["Ana", "Rui"]), "text": words})
ticket_steps = st.one_of(
    st.tuples(st.just("take"), attendants),
    st.tuples(
        st.just("say"),
        st.builds(
            lambda author, public, text: {
                "author": author,
                "public": public or author == "cliente",
                "name": f"{author[0]}.",
                "text": text,
            },
            st.sampled_from(["cliente", "atendente", "robo"]),
            st.booleans(),
            words,
        ),
    ),
    st.tuples(st.just("hold"), st.fixed_dictionaries({"text": st.none() | words})),
    st.tuples(
        st.just("rank"),
        st.fixed_dictionaries({"priority": st.sampled_from(["baixa", "alta", "urgente"])}),
    ),
    st.tuples(st.just("resolve"), attendants),
    st.tuples(st.just("reopen"), st.fixed_dictionaries({"text": words})),
    st.tuples(st.just("close"), st.just({})),
)
