"""What the layer, the version that serves and the base said to a question, side by side."""

from spoken import answer, choice, question

from lamina.assessment.grading import ABSTAINED, EMPTY
from lamina.assessment.report.beside import (
    FIGURE,
    IMPROVED,
    REGRESSED,
    SILENT,
    beside,
    marks_of,
)


def test_layer_serving_version_and_base_stand_apart_from_all_others() -> None:
    names = ("base", "Leases", "Leases.serving", "Debt", "Leases:0.5+Debt:0.5")

    (one,) = beside([answer(name, "Leases") for name in names], [question("Leases")])["Leases"]

    assert one.layer
    assert one.serving
    assert one.base
    shown = (one.layer.who, one.serving.who, one.base.who)
    assert shown == (("Leases",), ("Leases.serving",), ("base",))
    assert {said.who for said in one.others} == {("Debt",), ("Leases:0.5+Debt:0.5",)}
    assert one.asked is not None
    assert one.asked.evidence == "In case 0 it is Leases 0."


def test_equal_answers_of_others_stand_together() -> None:
    given = [answer(name, "Leases", answer="same") for name in ("Debt", "Tax", "Equity")]

    (one,) = beside(given)["Leases"]

    assert [said.who for said in one.others] == [("Debt", "Tax", "Equity")]


def test_a_candidate_is_held_against_what_serves_and_that_against_the_base() -> None:
    given = [
        answer("base", "Leases"),
        answer("Leases", "Leases"),
        answer("Leases.serving", "Leases", right=True),
        answer("Debt", "Leases", right=True),
    ]

    (one,) = beside(given)["Leases"]

    assert one.layer
    assert one.serving
    assert one.layer.marks == (REGRESSED,)
    assert one.serving.marks == (IMPROVED,)
    assert one.others[0].marks == (IMPROVED,)
    assert one.marks == (REGRESSED,)


def test_where_nothing_serves_a_layer_is_held_against_the_base() -> None:
    given = [answer("base", "Leases", right=True), answer("Leases", "Leases")]

    (one,) = beside(given)["Leases"]

    assert one.marks == (REGRESSED,)


def test_a_wrong_figure_is_none_where_nothing_was_said() -> None:
    wrong = answer("Leases", "Leases", kind="number", answer="5")
    silent = wrong.model_copy(update={"why": ABSTAINED})
    empty = wrong.model_copy(update={"why": EMPTY})
    phrase = answer("Leases", "Leases")

    assert marks_of(wrong, None) == (FIGURE,)
    assert marks_of(silent, None) == (SILENT,)
    assert marks_of(empty, None) == (SILENT,)
    assert marks_of(phrase, None) == ()


def test_questions_that_were_lost_come_first_then_those_that_are_wrong() -> None:
    given = [
        answer("Leases", "Leases", 0, right=True),
        answer("Leases", "Leases", 1),
        answer("Leases", "Leases", 2),
        answer("base", "Leases", 2, right=True),
    ]

    found = beside(given)["Leases"]

    assert [one.question for one in found] == [
        f"What of Leases in case {number}?" for number in (2, 1, 0)
    ]


def test_how_likely_the_right_answer_was_stands_beside_an_answer() -> None:
    (one,) = beside([answer("Leases", "Leases"), choice("Leases", "Leases", rank=3)])["Leases"]

    assert one.layer
    assert one.layer.choice
    assert one.layer.choice.rank == 3
