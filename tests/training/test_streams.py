"""Text, study rows and the base's own answers in one run: each has its own steps."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plans import of_text

from lamina.training.packing import Step, pack_steps
from lamina.training.plan import run_steps
from lamina.training.profiles import Profile, profile
from lamina.training.streams import Pieces, Stream

QUICK = profile("text", least_steps=0, smallest_batch=None, sequence_tokens=100, batch_tokens=100)


def pieces(texts: int, facts: int, wordings: int = 3, kept: int = 0) -> Pieces:
    """Texts of 50 tokens, wordings of facts of 10, own answers of 20."""
    study = facts * wordings
    return Pieces(
        lengths=[50] * texts + [10] * study + [20] * kept,
        repeats=[1] * texts + [3] * (study + kept),  # answers count as questions of the text do
        streams=["text"] * texts + ["study"] * study + ["replay"] * kept,
        facts=[None] * texts + [n for n in range(facts) for _ in range(wordings)] + [None] * kept,
    )


def asked(values: dict[str, object]) -> Profile:
    return QUICK.model_copy(update=values)


def of_stream(steps: list[Step], of: Pieces, stream: Stream) -> list[int]:
    """Places of a stream's documents, as they are seen."""
    seen = [place for step in steps for pack in step for place in pack]
    return [place for place in seen if of.streams[place] == stream]


def test_each_pass_meets_every_fact_once_in_another_wording() -> None:
    some = pieces(texts=0, facts=8)

    steps = run_steps(asked({"study_passes": 3}), some, seed=1)

    seen = of_stream(steps, some, "study")
    passes = [seen[start : start + 8] for start in (0, 8, 16)]
    assert all(sorted(some.facts[place] for place in one) == list(range(8)) for one in passes)
    assert sorted(seen) == list(range(24))  # all three wordings of all


def test_several_wordings_of_a_fact_in_one_pass_are_different_ones() -> None:
    some = pieces(texts=0, facts=8)

    steps = run_steps(asked({"study_passes": 3, "study_wordings": 2}), some, seed=1)

    seen = of_stream(steps, some, "study")
    first = Counter(some.facts[place] for place in seen[:16])
    assert len(set(seen[:16])) == 16
    assert set(first.values()) == {2}


def test_no_more_wordings_of_a_fact_are_ever_shown_than_the_profile_says() -> None:
    some = pieces(texts=0, facts=8, wordings=5)

    steps = run_steps(asked({"study_passes": 6, "study_variety": 2}), some, seed=1)

    seen = Counter(of_stream(steps, some, "study"))
    assert set(seen.values()) == {3}
    assert {place % 5 for place in seen} == {0, 1}


def test_a_fact_of_one_wording_is_met_once_a_pass_all_the_same() -> None:
    some = pieces(texts=0, facts=5, wordings=1)

    steps = run_steps(asked({"study_passes": 4, "study_wordings": 3}), some, seed=1)

    assert set(Counter(of_stream(steps, some, "study")).values()) == {4}


def test_a_step_holds_documents_of_one_stream() -> None:
    some = pieces(texts=10, facts=40, kept=20)

    steps = run_steps(asked({"study_passes": 3, "replay_share": 0.2}), some, seed=1)

    streams = [{some.streams[place] for pack in step for place in pack} for step in steps]
    assert {len(one) for one in streams} == {1}
    assert set().union(*streams) == {"text", "study", "replay"}


def test_the_streams_steps_are_spread_over_the_run() -> None:
    some = pieces(texts=12, facts=40)

    steps = run_steps(asked({"study_passes": 3}), some, seed=1)

    kinds = [some.streams[step[0][0]] for step in steps]
    half = len(kinds) // 2
    text = Counter(kinds)["text"]
    assert abs(kinds[:half].count("text") - text / 2) <= 1


def test_a_share_of_the_tokens_is_the_bases_own_answers() -> None:
    some = pieces(texts=20, facts=100, kept=30)

    steps = run_steps(asked({"study_passes": 4, "replay_share": 0.2}), some, seed=1)

    tokens = Counter[str]()
    for step in steps:
        for pack in step:
            for place in pack:
                tokens[some.streams[place]] += some.lengths[place]
    assert tokens["replay"] / tokens.total() == pytest.approx(0.2, abs=0.02)


def test_more_steps_than_the_passes_come_to_go_on_in_the_same_proportion() -> None:
    some = pieces(texts=12, facts=40)
    short = run_steps(asked({"study_passes": 3}), some, seed=1)

    long = run_steps(asked({"study_passes": 3, "least_steps": 3 * len(short)}), some, seed=1)

    assert len(long) == 3 * len(short)
    kinds = [Counter(some.streams[step[0][0]] for step in one)["text"] for one in (short, long)]
    assert abs(3 * kinds[0] - kinds[1]) <= 1


@given(st.lists(st.integers(2, 90), min_size=1, max_size=30), st.sampled_from([None, 7]))
def test_text_alone_is_packed_as_ever(lengths: list[int], steps: int | None) -> None:
    chosen = asked({"steps": steps})

    expected = pack_steps(
        lengths, [1] * len(lengths),
        sequence_tokens=100, batch_tokens=100, epochs=chosen.epochs, steps=steps, seed=5,
    )  # fmt: skip
    assert run_steps(chosen, of_text(lengths), seed=5) == expected


@given(
    st.integers(0, 8), st.integers(0, 8), st.integers(1, 4), st.integers(0, 4),
    st.sampled_from([0.0, 0.5, 2.0]), st.sampled_from([None, 1, 9]),
)  # fmt: skip
def test_a_run_has_the_steps_it_was_told(  # noqa: PLR0913, PLR0917 - hypothesis' arguments
    texts: int, facts: int, wordings: int, kept: int, passes: float, steps: int | None
) -> None:
    some = pieces(texts, facts, wordings, kept)
    chosen = asked({"study_passes": passes, "replay_share": 0.1, "steps": steps})

    found = run_steps(chosen, some, seed=1)

    anything = texts or (facts and passes)
    assert all(pack for step in found for pack in step)
    if steps and anything:
        assert len(found) == steps
