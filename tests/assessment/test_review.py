"""The queue of answers on which the signs of what is right disagree."""

import pytest
from spoken import answer, choice

from lamina.assessment.grading import ABSTAINED
from lamina.assessment.report.records import Overruled
from lamina.assessment.report.review import (
    NEITHER,
    NO_RANK,
    NO_WORDS,
    RANK,
    WORDS,
    WORDS_AND_RANK,
    doubt,
    overruled,
    review_queue,
)


@pytest.mark.parametrize(
    ("right", "contains", "likeliest", "reason"),
    [
        (True, True, True, ""),
        (True, True, None, ""),
        (True, True, False, NO_RANK),
        (True, False, True, NO_WORDS),
        (True, False, None, NO_WORDS),
        (True, False, False, NEITHER),
        (False, False, False, ""),
        (False, False, None, ""),
        (False, False, True, RANK),
        (False, True, False, WORDS),
        (False, True, None, WORDS),
        (False, True, True, WORDS_AND_RANK),
    ],
)
def test_each_disagreement_has_its_words(
    right: bool, contains: bool, likeliest: bool | None, reason: str
) -> None:
    one = answer("Leases", "Leases", right=right, contains=contains)

    assert doubt(one, likeliest=likeliest) == reason


def test_who_says_that_he_does_not_know_is_not_in_doubt() -> None:
    silent = answer("A", "Leases", why=ABSTAINED)

    assert doubt(silent, likeliest=True) == ""
    assert doubt(silent.model_copy(update={"contains": True}), likeliest=True) == WORDS_AND_RANK


def test_where_two_signs_are_against_the_grader_comes_first() -> None:
    records = [
        answer("A", "Leases", 0, right=False, contains=True),
        answer("A", "Leases", 1, right=False, contains=True),
        choice("A", "Leases", 1, rank=1),
        answer("A", "Leases", 2, right=True),
    ]

    queue = review_queue(records)

    assert [(one.answer.item, one.reason) for one in queue] == [
        ("Leases-1", WORDS_AND_RANK),
        ("Leases-0", WORDS),
    ]


def test_the_same_text_stands_once_with_all_who_gave_it() -> None:
    same = [answer(who, "Leases", answer="1,234", contains=True) for who in ("A", "B")]
    (one,) = review_queue([*same, choice("B", "Leases", rank=1)])

    assert set(one.who) == {"A", "B"}
    assert one.reason == WORDS_AND_RANK


def test_what_was_overruled_leaves_the_queue_and_is_listed() -> None:
    said = Overruled(who="Ada", when="2026-11-27", why="units", graded=False)
    decided = answer("A", "Leases", right=True, contains=False, overruled=said)
    again = decided.model_copy(update={"blend": "B"})

    assert review_queue([decided, again]) == ()
    (one,) = overruled([decided, again, answer("A", "Leases", 1)])
    assert one.who == ("A", "B")
    assert one.reason == "graded wrong"
