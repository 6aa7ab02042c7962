"""Sentences that an accountant can act on."""

from dataclasses import replace

import pytest
from judged import LEASES, grades, harmless, scores, verdict

from lamina.assessment.cells.measured import Measured
from lamina.assessment.exam.general import GENERAL
from lamina.assessment.verdicts.verdict import Enough, Word


def told(subject: str, value: float, **sizes: float) -> list[Measured]:
    return [*scores(subject, "Leases", value, **sizes), *harmless(subject)]  # type: ignore[arg-type]


def test_a_promotion_gives_measure_number_documents_gain_and_interval() -> None:
    said = verdict(told("Leases", 1), told("base", 0))

    assert said.gain is not None
    assert said.sentence.startswith(
        f"Leases: promoted. D is {said.gain.value:+.2f} nats a token (interval "
        f"{said.gain.low:+.2f} to {said.gain.high:+.2f}) over the base on 21 questions from 7 "
        "documents: right answers are "
    )
    assert "D on other topics' exams" in said.sentence
    assert "G on general questions +0 points" in said.sentence
    assert said.brief == f"{said.sentence.partition(';')[0]}."
    assert (said.why, said.remedy) == ("", "")


def test_too_little_evidence_says_how_much_would_do() -> None:
    said = verdict(
        told("Leases", 1, documents=2, each=6, noise=0.01),
        told("base", 0, documents=2, each=6, noise=0.01),
    )

    assert said.sentence.startswith(
        "Leases: held. Too little evidence: 12 questions from 2 documents; with questions about 3 "
        "more documents a gain like this would show."
    )
    assert said.remedy == "Add questions about more documents to the exam of Leases."
    assert said.brief == f"Leases: held. {said.why} {said.remedy}"
    assert said.enough == Enough(n=12, documents=5)


def test_without_a_gain_so_far_the_least_is_named() -> None:
    said = verdict(told("Leases", 0, documents=2, noise=0.01), told("base", 0, documents=2))

    assert said.why == (
        "Too little evidence: 6 questions from 2 documents; a verdict takes at least 12 questions "
        "from 5 documents, so 6 more questions about 3 more documents must be added."
    )


def test_of_many_questions_about_few_documents_only_documents_are_missing() -> None:
    sizes = {"documents": 2, "each": 12}

    said = verdict(told("Leases", 0, **sizes), told("base", 0, **sizes))

    assert said.why == (
        "Too little evidence: 24 questions from 2 documents; a verdict takes at least 12 questions "
        "from 5 documents, so questions about 3 more documents must be added."
    )


def test_of_few_questions_about_enough_documents_only_questions_are_missing() -> None:
    said = verdict(told("Leases", 1, each=1), told("base", 0, each=1))

    assert "7 questions from 7 documents; with 5 more questions a gain like this" in said.why


def test_an_unclear_gain_says_how_many_questions_would_show_it() -> None:
    said = verdict(told("Leases", 0.5, noise=0.9), told("base", 0, noise=0.9))

    assert said.word is Word.UNCLEAR
    assert said.enough is not None
    assert said.enough.documents > 7
    assert f"{said.enough.n} questions from {said.enough.documents} documents" in said.remedy


@pytest.mark.parametrize(("value", "documents"), [(0.25, 3), (0.2, 7)])
def test_nobody_is_sent_to_write_an_exam_about_ten_times_the_documents(
    value: float, documents: int
) -> None:
    sizes = {"documents": documents, "noise": 0.3}

    said = verdict(told("Leases", value, **sizes), told("base", 0, **sizes))

    assert said.enough is not None
    assert said.enough.documents >= 10 * documents
    assert said.remedy.endswith("is small: teach it more, or leave it out.")


def test_a_gain_below_its_margin_is_not_asked_for_more_questions() -> None:
    said = verdict(told("Leases", 0.05, noise=0.3), told("base", 0, noise=0.3))

    assert said.word is Word.UNCLEAR
    assert said.enough is None
    assert "teach it more" in said.remedy


def test_a_loss_against_what_serves_names_it() -> None:
    said = verdict(
        told("Leases", 0.5), told("base", 0), case=replace(LEASES, serving="serving"),
        serving=scores("serving", "Leases", 2),
    )  # fmt: skip

    assert said.why.startswith("Worse than the version that serves: -1.")


def test_a_loss_elsewhere_that_may_be_is_answered_with_what_to_add() -> None:
    def noisy(subject: str, value: float) -> list[Measured]:
        elsewhere = scores(subject, "Debt", value / 10, documents=12, noise=0.6)
        return [*scores(subject, "Leases", value), *elsewhere, *grades(GENERAL, 50)]

    said = verdict(noisy("Leases", 2), noisy("base", 0))

    assert said.why.startswith("Unclear: a loss beyond -0.10 nats a token cannot be excluded")
    assert said.enough is not None
    assert said.remedy == (
        f"Add questions to the exams of other topics: about {said.enough.n} questions from "
        f"{said.enough.documents} documents would exclude it."
    )


def test_general_questions_that_are_too_few_are_no_work_of_the_owners() -> None:
    elsewhere = [*scores("Leases", "Debt", 0, documents=40, noise=0.1), *grades(GENERAL, 47)]

    said = verdict([*scores("Leases", "Leases", 2), *elsewhere], told("base", 0))

    assert "G on general questions" in said.why
    assert said.word is Word.UNCLEAR
    assert said.remedy.startswith("There are no more of these questions. Train it with a lower")


def test_every_hold_says_why_and_what_to_do() -> None:
    base = told("base", 0)
    others = {name: scores(name, "Leases", 2, kind="T") for name in LEASES.others}
    layers = [
        base, told("Leases", -1), told("Leases", 0), told("Leases", 0.4, noise=0.9),
        told("Leases", 2, documents=3), scores("Leases", "Leases", 2), harmless("Leases"),
        [*told("Leases", 2)[:21], *scores("Leases", "Debt", -1, documents=40)],
    ]  # fmt: skip

    said = [verdict(layer, base, **others) for layer in layers]

    assert {one.word for one in said} == set(Word) - {Word.PROMOTED}
    for one in said:
        assert one.why.startswith((one.word.capitalize(), "Worse"))
        assert one.remedy.endswith(".")
