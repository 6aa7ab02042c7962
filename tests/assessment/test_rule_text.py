"""What test text proves, where an exam is too small: style is no knowledge."""

from dataclasses import replace

from judged import LEASES, harmless, scores, verdict

from lamina.assessment.cells.measured import Measured
from lamina.assessment.verdicts.verdict import Word


def loss(subject: str, value: float, documents: int = 6) -> list[Measured]:
    return scores(subject, "Leases", value, kind="T", documents=documents, each=2, noise=0.01)


def test_a_thousandth_of_a_nat_is_no_effect() -> None:
    others = {name: loss("same", 2.061) for name in LEASES.others}

    said = verdict(
        [*loss("same", 2.060), *harmless("Leases")], [*loss("base", 2.4), *harmless("base")],
        **others,
    )  # fmt: skip

    assert said.word is Word.NO_EFFECT
    assert said.kind == "T"


def test_test_text_of_one_document_is_too_little_and_says_so() -> None:
    others = {name: loss(name, 2.3, documents=1) for name in LEASES.others}

    said = verdict(
        [*loss("Leases", 1, documents=1), *harmless("Leases")],
        [*loss("base", 3, documents=1), *harmless("base")], **others,
    )  # fmt: skip

    assert said.word is Word.TOO_LITTLE
    assert "2 rows of test text from 1 document" in said.why


def test_style_that_every_layer_learns_is_no_knowledge() -> None:
    others = {name: loss(name, 1.0) for name in LEASES.others}

    said = verdict(
        [*loss("Leases", 1.0), *harmless("Leases")], [*loss("base", 1.6), *harmless("base")],
        **others,
    )  # fmt: skip

    assert said.word is Word.NO_EFFECT


def test_what_one_more_layer_of_another_topic_might_bring_is_no_knowledge() -> None:
    others = {
        name: loss(name, value) for name, value in zip(LEASES.others, (1.0, 1.1, 1.2), strict=True)
    }

    said = verdict(
        [*loss("Leases", 1.0), *harmless("Leases")], [*loss("base", 1.6), *harmless("base")],
        **others,
    )  # fmt: skip

    assert said.word is Word.UNCLEAR
    assert "differ among themselves" in said.why


def test_text_that_this_layer_knows_and_no_other_promotes_it() -> None:
    others = {name: loss(name, 1.5) for name in LEASES.others}

    said = verdict(
        [*loss("Leases", 1.2), *harmless("Leases")], [*loss("base", 1.6), *harmless("base")],
        **others,
    )  # fmt: skip

    assert said.word is Word.PROMOTED
    assert said.kind == "T"


def test_a_short_answer_counts_no_more_than_its_tokens() -> None:
    """Of unseen text passages get likelier, and the few tokens of its questions' answers do not."""

    def elsewhere(subject: str, passages: float, answers: float) -> list[Measured]:
        text = scores(subject, "Debt", passages, kind="T", documents=6, each=2, noise=0.01)
        asked = scores(subject, "Debt", answers, kind="T", documents=6, each=2, noise=0.01)
        return [
            *(replace(one, weight=150) for one in text),
            *(replace(one, item=f"asked {one.item}", weight=4) for one in asked),
        ]

    said = verdict(
        [*scores("Leases", "Leases", 1), *harmless("Leases"), *elsewhere("Leases", 1.5, 6)],
        [*scores("base", "Leases", 0), *harmless("base"), *elsewhere("base", 2, 5)],
    )

    assert said.word is Word.PROMOTED


def test_without_two_layers_of_other_topics_test_text_proves_nothing() -> None:
    said = verdict(
        [*loss("Leases", 1.2), *harmless("Leases")], [*loss("base", 1.6), *harmless("base")],
        case=replace(LEASES, others=("Debt",)), Debt=loss("Debt", 1.5),
    )  # fmt: skip

    assert said.word is Word.TOO_LITTLE
    assert "shows nothing without two layers of other topics" in said.why
