from collections.abc import Sequence

import pytest

from lamina.assessment.records import AnswerRecord, LossRecord
from lamina.assessment.verdict import Verdict, Worth, judge

N = 12


def answers(
    blend: str, topic: str, right: int, n: int = N, wrong: str = "no"
) -> list[AnswerRecord]:
    return [
        AnswerRecord(
            blend=blend,
            topic=topic,
            question=f"{number}?",
            reference="yes",
            answer="yes" if number < right else wrong,
            exact=number < right,
            contains=number < right,
            f1=float(number < right),
            first_token_s=0.1,
            total_s=0.2,
            n_prompt_tokens=3,
            n_tokens=1,
            tokens_per_s=None,
        )
        for number in range(n)
    ]


def losses(blend: str, topic: str, loss: float, n: int = N) -> list[LossRecord]:
    return [
        LossRecord(blend=blend, topic=topic, row=str(row), loss=loss + row / 100, n_tokens=10 + row)
        for row in range(n)
    ]


def verdict(records: Sequence[AnswerRecord | LossRecord], name: str = "A") -> Worth:
    return judge(records, (name,), seed=1)[0]


def test_a_layer_that_answers_its_questions_is_better() -> None:
    worth = verdict([*answers("base", "A", 0), *answers("A", "A", 11)])

    assert worth.verdict is Verdict.BETTER
    assert worth.sentence.startswith("A is better than the base: 92% of 12 questions")


def test_a_layer_that_forgets_what_the_base_knew_is_worse() -> None:
    worth = verdict([*answers("base", "A", 11), *answers("A", "A", 1)])

    assert worth.verdict is Verdict.WORSE


def test_one_question_more_is_no_proof() -> None:
    worth = verdict([*answers("base", "A", 3), *answers("A", "A", 4)])

    assert worth.verdict is Verdict.UNCLEAR


def test_five_questions_are_no_proof_however_they_come_out() -> None:
    worth = verdict([*answers("base", "A", 0, n=5), *answers("A", "A", 5, n=5)])

    assert worth.verdict is Verdict.UNCLEAR


def test_same_answers_and_same_loss_mean_no_effect() -> None:
    records = [
        *answers("base", "A", 2), *answers("A", "A", 2), *losses("base", "A", 3),
        *losses("A", "A", 3),
    ]  # fmt: skip

    worth = verdict(records)

    assert worth.verdict is Verdict.NO_EFFECT
    assert "check its scale" in worth.sentence


def test_equally_wrong_in_other_words_is_an_effect() -> None:
    worth = verdict([*answers("base", "A", 0), *answers("A", "A", 0, wrong="maybe")])

    assert worth.verdict is Verdict.UNCLEAR


def test_same_answers_with_another_loss_are_an_effect() -> None:
    records = [
        *answers("base", "A", 2), *answers("A", "A", 2), *losses("base", "A", 3),
        *losses("A", "A", 2.9),
    ]  # fmt: skip

    assert verdict(records).verdict is Verdict.BETTER


def test_an_effect_on_another_topic_only_is_an_effect() -> None:
    records = [
        *answers("base", "A", 0), *answers("A", "A", 0), *answers("base", "B", 9),
        *answers("A", "B", 0),
    ]  # fmt: skip

    worth = verdict(records)

    assert worth.verdict is Verdict.UNCLEAR
    assert worth.exact_elsewhere is not None
    assert worth.exact_elsewhere.below


def test_better_answers_at_a_higher_loss_are_unclear() -> None:
    records = [
        *answers("base", "A", 0), *answers("A", "A", 12), *losses("base", "A", 3),
        *losses("A", "A", 4),
    ]  # fmt: skip

    assert verdict(records).verdict is Verdict.UNCLEAR


def test_without_questions_the_held_out_loss_decides() -> None:
    worth = verdict([*losses("base", "A", 3), *losses("A", "A", 2)])

    assert worth.verdict is Verdict.BETTER
    assert worth.sentence == (
        "A is better than the base: held-out loss 2.06 against 3.06 nats per token."
    )


def test_the_other_topics_layers_are_measured_on_the_same_questions() -> None:
    records = [
        *answers("base", "A", 0), *answers("A", "A", 12), *answers("B", "A", 6),
        *answers("C", "A", 0), *answers("B", "B", 1), *answers("C", "C", 1),
    ]  # fmt: skip

    worth = judge(records, ("A", "B", "C"), seed=1)[0]

    assert worth.exact_others == pytest.approx(0.25)
    assert worth.exact_gain_over_others is not None
    assert worth.exact_gain_over_others.value == pytest.approx(0.75)


def test_a_blend_is_judged_on_the_topics_of_its_layers() -> None:
    records = [
        *answers("base", "A", 0), *answers("base", "B", 0), *answers("base", "C", 0),
        *answers("A:0.5+B:0.5", "A", 12), *answers("A:0.5+B:0.5", "B", 12),
        *answers("A:0.5+B:0.5", "C", 0),
    ]  # fmt: skip

    worth = verdict(records, "A:0.5+B:0.5")

    assert worth.topics == ("A", "B")
    assert worth.exact == 1


def test_a_layer_named_after_no_topic_is_judged_on_all() -> None:
    records = [
        *answers("base", "A", 0), *answers("base", "B", 0), *answers("level1", "A", 12),
        *answers("level1", "B", 0),
    ]  # fmt: skip

    worth = verdict(records, "level1")

    assert worth.topics == ("A", "B")
    assert worth.exact == pytest.approx(0.5)


def test_what_was_not_measured_is_said_so() -> None:
    worth = verdict(answers("base", "A", 0), "B")

    assert worth.verdict is Verdict.UNCLEAR
    assert "was not measured" in worth.sentence


def test_the_same_seed_gives_the_same_worth() -> None:
    records = [*answers("base", "A", 3), *answers("A", "A", 8), *losses("base", "A", 3)]

    assert judge(records, ("A",), seed=7) == judge(records, ("A",), seed=7)
