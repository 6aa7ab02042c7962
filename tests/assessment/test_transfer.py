"""What a layer cannot know decides nothing about it, and is told beside it."""

from dataclasses import replace

import pytest
from judged import LEASES, grades, harmless, scores, verdict

from lamina.assessment.cells.measured import Measured
from lamina.assessment.verdicts.verdict import Word


def unseen(subject: str, value: float, documents: int = 4, noise: float = 0.2) -> list[Measured]:
    """Questions about documents that the layer Leases was not trained on."""
    measured = scores(subject, "Leases", value, documents=documents, noise=noise)
    return [
        replace(
            one, item=f"unseen {one.item}", document=f"unseen {one.document}", proves="transfer"
        )
        for one in measured
    ]


BASE = [*scores("base", "Leases", 0), *unseen("base", 0), *harmless("base")]


def knows(value: float) -> list[Measured]:
    return [*scores("Leases", "Leases", value), *harmless("Leases")]


@pytest.mark.parametrize("inferred", [-3, 0, 3])
def test_a_layer_is_promoted_on_what_it_can_know_alone(inferred: float) -> None:
    said = verdict([*knows(1), *unseen("Leases", inferred)], BASE)

    assert said.word is Word.PROMOTED
    assert (said.n, said.documents) == (21, 7)


def test_a_layer_that_gains_only_where_it_cannot_know_is_not_promoted() -> None:
    said = verdict([*knows(0), *unseen("Leases", 3, documents=9)], BASE)

    assert not said.promoted


def test_questions_that_it_cannot_know_make_no_evidence() -> None:
    few = [*scores("Leases", "Leases", 1, documents=3), *harmless("Leases")]

    said = verdict([*few, *unseen("Leases", 1)], BASE)

    assert said.word is Word.TOO_LITTLE
    assert "9 questions from 3 documents" in said.why
    assert "12 questions more are set aside: the 4 documents behind them it was not" in said.why


def test_an_exam_about_unseen_documents_alone_says_so() -> None:
    said = verdict([*unseen("Leases", 1), *harmless("Leases")], BASE)

    assert said.word is Word.TOO_LITTLE
    assert "no question about a document that it was trained on" in said.why


def test_both_are_told_each_with_its_questions_and_documents() -> None:
    said = verdict([*knows(1), *unseen("Leases", 0.05)], BASE)

    assert said.inferred is not None
    assert (said.inferred.n, said.inferred.documents) == (12, 4)
    assert "over the base on 21 questions from 7 documents that it was trained on" in said.sentence
    told = f"Of documents it never saw: D {said.inferred.value:+.2f} (interval"
    assert told in said.sentence
    assert "12 questions from 4 documents), which decides nothing." in said.sentence


def test_of_one_unseen_document_no_interval_is_told() -> None:
    said = verdict([*knows(1), *unseen("Leases", 0.05, documents=1)], BASE)

    assert said.inferred is not None
    assert said.inferred.low is None
    assert "(3 questions from 1 document), which decides nothing." in said.sentence


def test_the_version_that_serves_is_held_against_on_what_can_be_known() -> None:
    served = [*scores("serving", "Leases", 1), *unseen("serving", 4)]

    said = verdict(
        [*knows(1), *unseen("Leases", 0)], BASE, case=replace(LEASES, serving="serving"),
        serving=served,
    )  # fmt: skip

    assert said.word is Word.PROMOTED


def test_harm_elsewhere_is_looked_for_where_the_other_layer_can_know() -> None:
    def elsewhere(subject: str, value: float) -> list[Measured]:
        found = scores(subject, "Debt", value, documents=40)
        return [replace(one, item=f"unseen {one.item}", proves="transfer") for one in found]

    said = verdict([*knows(1), *elsewhere("Leases", -3)], [*BASE, *elsewhere("base", 0)])

    assert said.word is Word.PROMOTED


def test_answers_about_unseen_documents_hold_no_layer() -> None:
    wrong = [replace(one, proves="transfer") for one in grades("Leases", 0, 30)]
    right = [replace(one, proves="transfer") for one in grades("Leases", 30, 30)]

    assert verdict([*knows(1), *wrong], [*BASE, *right]).word is Word.PROMOTED


def test_a_layer_that_changes_unseen_documents_alone_is_no_copy_of_the_base() -> None:
    copy = [*scores("base", "Leases", 0), *harmless("base")]

    assert "everything that was measured" in verdict([*copy, *unseen("base", 0)], BASE).why
    assert "everything that was measured" not in verdict([*copy, *unseen("Leases", 1)], BASE).why


def test_questions_whose_document_nobody_knows_are_named() -> None:
    def strangers(subject: str, value: float) -> list[Measured]:
        return [replace(one, document="Leases") for one in scores(subject, "Leases", value)]

    said = verdict(
        [*strangers("Leases", 2), *harmless("Leases")], [*strangers("base", 0), *harmless("base")]
    )

    assert said.word is Word.TOO_LITTLE
    assert "21 questions from 1 document" in said.why
    assert "Of 21 questions nobody here knows the document" in said.why
