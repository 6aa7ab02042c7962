"""Exam questions that were trained on do not count; those about another fact do."""

import pytest

from lamina.text.repeats import repeats

ASKED = "How much variable lease cost did Amazon record in 2022?"


@pytest.mark.parametrize(
    ("trained", "how"),
    [
        (ASKED, "exact"),
        (f"  {ASKED} ", "exact"),
        ("how much variable lease cost did amazon record in 2022", "normalised"),
        ("How much variable lease cost did the Amazon record, in 2022?", "normalised"),
        ("In 2022, how much variable lease cost did Amazon record?", "near"),
        ("How much variable lease cost did Amazon report in 2022?", "near"),
    ],
)
def test_the_same_question_in_other_words_is_found(trained: str, how: str) -> None:
    found = repeats(["What else?", ASKED], ["Who signs?", trained])

    assert {place: (one.how, one.trained) for place, one in found.items()} == {1: (how, trained)}


@pytest.mark.parametrize(
    "trained",
    [
        "How much variable lease cost did Amazon record in 2021?",
        "How much variable lease cost did Apple record in 2022?",
        "How much short-term lease cost did Amazon pay in 2022 and why?",
        "",
    ],
)
def test_a_question_about_another_fact_is_another_question(trained: str) -> None:
    assert repeats([ASKED], [trained]) == {}


def test_of_several_repeats_the_closest_is_named() -> None:
    near = "In 2022, how much variable lease cost did Amazon record?"

    assert repeats([ASKED], [near, ASKED, near])[0].how == "exact"
