"""Planted layers: each must get the right word, whatever luck, style or a misspelt file offer."""

from dataclasses import replace

import pytest
from judged import LEASES, grades, harmless, scores, verdict

from lamina.assessment.cells.measured import Measured
from lamina.assessment.exam.general import GENERAL
from lamina.assessment.verdicts.findings import Case
from lamina.assessment.verdicts.rule import judge
from lamina.assessment.verdicts.verdict import Word
from lamina.margins import Margins

BASE = [*scores("base", "Leases", 0), *harmless("base")]
SERVED = replace(LEASES, serving="serving")


def test_a_layer_that_knows_its_documents_and_harms_nothing_is_promoted() -> None:
    said = verdict([*scores("Leases", "Leases", 1), *harmless("Leases")], BASE)

    assert said.word is Word.PROMOTED
    assert said.kind == "D"
    assert said.gain is not None
    assert said.gain.low > 0.1


def test_a_layer_without_questions_of_its_own_topic_is_not_judged_on_the_others() -> None:
    said = verdict(
        [*scores("Leases", "Leasing", 1), *harmless("Leases")],
        [*scores("base", "Leasing", 0), *harmless("base")],
    )

    assert said.word is Word.TOO_LITTLE
    assert "no question and no test text of its own topic" in said.sentence


def test_a_layer_that_ruins_every_other_topic_is_harmful() -> None:
    ruined = [*scores("Leases", "Debt", -2, documents=40), *grades(GENERAL, 50)]

    said = verdict([*scores("Leases", "Leases", 2), *ruined], BASE)

    assert said.word is Word.HARMFUL
    assert "other topics' exams" in said.why


def test_a_layer_that_forgets_what_everybody_knows_is_harmful() -> None:
    ruined = [*scores("Leases", "Debt", 0, documents=40, noise=0.1), *grades(GENERAL, 10)]

    said = verdict([*scores("Leases", "Leases", 2), *ruined], BASE)

    assert said.word is Word.HARMFUL
    assert "general questions -67 points" in said.why


def test_one_ruined_topic_among_twenty_is_harm() -> None:
    def elsewhere(subject: str, ruined: float) -> list[Measured]:
        topics = {f"Topic{number}": 0.0 for number in range(20)} | {"Topic7": ruined}
        return [
            one
            for topic, value in topics.items()
            for one in scores(subject, topic, value, documents=4, each=1, noise=0.1)
        ]

    said = verdict(
        [*scores("Leases", "Leases", 2), *elsewhere("Leases", -1.5)],
        [*scores("base", "Leases", 0), *elsewhere("base", 0)],
    )

    assert said.word is Word.HARMFUL
    assert "Topic7" in said.why
    assert "Topic6" not in said.why


def test_a_layer_worse_than_the_one_that_serves_is_held() -> None:
    said = verdict(
        [*scores("Leases", "Leases", 0.6), *harmless("Leases")], BASE, case=SERVED,
        serving=scores("serving", "Leases", 1.8),
    )  # fmt: skip

    assert said.word is Word.WORSE
    assert "the version that serves" in said.why


def test_a_layer_as_good_as_the_one_that_serves_may_take_its_place() -> None:
    said = verdict(
        [*scores("Leases", "Leases", 1.5), *harmless("Leases")], BASE, case=SERVED,
        serving=scores("serving", "Leases", 1.5),
    )  # fmt: skip

    assert said.word is Word.PROMOTED


def test_a_layer_that_cannot_be_told_from_the_one_that_serves_waits() -> None:
    said = verdict(
        [*scores("Leases", "Leases", 2, noise=0.8), *harmless("Leases")], BASE, case=SERVED,
        serving=scores("serving", "Leases", 2, noise=0.8),
    )  # fmt: skip

    assert said.word is Word.UNCLEAR
    assert "the version that serves" in said.why


def test_a_serving_version_that_was_not_asked_holds_the_candidate() -> None:
    said = verdict([*scores("Leases", "Leases", 2), *harmless("Leases")], BASE, case=SERVED)

    assert said.word is Word.TOO_LITTLE


def test_a_copy_of_the_base_has_no_effect() -> None:
    said = verdict(BASE, BASE)

    assert said.word is Word.NO_EFFECT
    assert "as under the base" in said.why


def test_the_form_of_answers_without_knowledge_gains_nothing() -> None:
    """D is a difference: what makes right and wrong answers likelier alike is in neither side."""
    right, wrong, form = -5.2, -5.4, 1.8

    base = [*scores("base", "Leases", right - wrong), *harmless("base")]
    formed = scores("Leases", "Leases", (right + form) - (wrong + form))
    said = verdict([*formed, *harmless("Leases")], base)

    assert said.word is not Word.PROMOTED


def test_a_layer_that_loses_what_the_base_knew_is_worse() -> None:
    said = verdict([*scores("Leases", "Leases", -1), *harmless("Leases")], BASE)

    assert said.word is Word.WORSE
    assert "Worse than the base" in said.why


def test_a_layer_that_answers_worse_than_it_scores_is_worse() -> None:
    said = verdict(
        [*scores("Leases", "Leases", 1), *grades("Leases", 0, 30), *harmless("Leases")],
        [*BASE, *grades("Leases", 30, 30)],
    )

    assert said.word is Word.WORSE
    assert "in the answers it writes" in said.why


def test_a_gain_that_may_be_luck_is_unclear() -> None:
    said = verdict([*scores("Leases", "Leases", 0.3, noise=0.9), *harmless("Leases")], BASE)

    assert said.word is Word.UNCLEAR


def test_a_gain_with_nothing_asked_elsewhere_is_too_little() -> None:
    said = verdict(scores("Leases", "Leases", 2), scores("base", "Leases", 0))

    assert said.word is Word.TOO_LITTLE
    assert "outside its topic" in said.why


@pytest.mark.parametrize(("documents", "each"), [(2, 30), (4, 10), (7, 2)])
def test_too_few_questions_or_documents_never_promote(documents: int, each: int) -> None:
    def own(subject: str, value: float) -> list[Measured]:
        return scores(subject, "Leases", value, documents=documents, each=each)

    said = verdict([*own("Leases", 5), *harmless("Leases")], [*own("base", 0), *harmless("base")])

    assert said.word is Word.TOO_LITTLE


def test_margins_are_the_owners_to_choose() -> None:
    own = [*scores("Leases", "Leases", 1), *harmless("Leases")]

    assert verdict(own, BASE, margins=Margins(gain_d=2)).word is Word.NO_EFFECT
    assert verdict(own, BASE, margins=Margins(questions=60)).word is Word.TOO_LITTLE


def test_a_gain_that_stands_alone_may_fall_among_twenty_that_gained_nothing() -> None:
    def batch(size: int) -> Word:
        names = [f"Topic{number}" for number in range(size)]
        cases = [Case(candidate=name, topics=(name,)) for name in names]
        values = {"base": [one for name in names for one in scores("base", name, 0)]}
        values["base"] += harmless("base")
        for name in names:
            gain = 0.45 if name == "Topic0" else 0.0
            values[name] = [*scores(name, name, gain, noise=0.3), *harmless(name)]
        return judge(cases, values, Margins())[0].word

    assert batch(1) is Word.PROMOTED
    assert batch(60) is Word.UNCLEAR
