"""Rows that come and go one by one, against an index made at once: the same bits."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina.passport.profile import Profile, number
from lamina.serving.layers.finding import asked
from lamina.serving.layers.index import Index

WORDS = [f"w{letter}" for letter in "abcdefghij"]
TERMS = np.array(sorted(map(number, WORDS)), np.uint32)
QUESTIONS = [asked([text]) for text in ("wa wb wc", "wd we unheard", " ".join(WORDS), "unheard")]

PROFILES = st.lists(
    st.lists(st.integers(0, 9), min_size=len(WORDS), max_size=len(WORDS)).filter(any),
    min_size=1,
    max_size=4,
).map(lambda counts: Profile(TERMS, np.array(counts, np.uint8)))


@settings(max_examples=40, deadline=None)
@given(profiles=st.lists(PROFILES, min_size=4, max_size=4), choice=st.data())
def test_what_is_left_of_many_changes_counts_as_if_nothing_else_had_been(
    profiles: list[Profile], choice: st.DataObject
) -> None:
    grown = Index()
    rows = [grown.add(one) for one in [*profiles, *profiles]]
    left = choice.draw(st.lists(st.sampled_from(rows), min_size=1, unique=True))
    grown.choose(left)
    anew = Index()
    anew.choose([anew.add(profiles[row % len(profiles)]) for row in left])

    for question in QUESTIONS:
        one, other = grown.meet(question), anew.meet(question)
        assert one.known.tobytes() == other.known.tobytes()
        assert one.near.tobytes() == other.near.tobytes()
        for layer in range(len(left)):
            assert one.more(layer).tobytes() == other.more(layer).tobytes()


def test_a_word_counts_the_more_the_fewer_documents_say_it() -> None:
    index = Index()
    both = Profile(TERMS[:2], np.array([[1, 1], [1, 0]], np.uint8))
    index.choose([index.add(both)])
    common, rare = (next(w for w in WORDS if number(w) == term) for term in TERMS[:2])

    met = index.meet({common: 1.0, rare: 1.0})
    of_first = met.weight[met.document == 0]

    assert of_first[1] > of_first[0]
