"""What any layer gains by the form of answers is no knowledge of its own documents."""

from judged import LEASES, harmless, scores, verdict

from lamina.assessment.cells.measured import Measured
from lamina.assessment.verdicts.verdict import Word

BASE = [*scores("base", "Leases", 0), *harmless("base")]


def others(gain: float, number: int = 3) -> dict[str, list[Measured]]:
    return {name: scores(name, "Leases", gain) for name in LEASES.others[:number]}


def test_a_layer_that_gains_no_more_than_layers_of_other_topics_is_held() -> None:
    said = verdict([*scores("Leases", "Leases", 0.7), *harmless("Leases")], BASE, **others(0.7))

    assert said.word is Word.UNCLEAR
    assert said.gain is not None
    assert said.gain.low > 0.1
    assert said.why.startswith("Unclear: other topics' layers gain on the same questions")
    assert "study_passes" in said.remedy


def test_a_layer_that_leads_the_others_is_promoted_and_the_lead_is_told() -> None:
    said = verdict([*scores("Leases", "Leases", 1.7), *harmless("Leases")], BASE, **others(0.7))

    assert said.word is Word.PROMOTED
    assert said.beyond is not None
    assert 0.8 < said.beyond.value < 1.2
    assert "Against other topics' layers, whom the form of answers helps as well" in said.seen


def test_a_lead_within_what_the_others_differ_by_is_no_knowledge() -> None:
    differing = dict(zip(LEASES.others, (0.1, 0.7, 1.3), strict=True))

    said = verdict(
        [*scores("Leases", "Leases", 1.4), *harmless("Leases")], BASE,
        **{name: scores(name, "Leases", gain) for name, gain in differing.items()},
    )  # fmt: skip

    assert said.word is Word.UNCLEAR


def test_with_fewer_than_three_others_the_gain_decides_and_the_sentence_says_what_it_may_be() -> (
    None
):
    said = verdict([*scores("Leases", "Leases", 0.7), *harmless("Leases")], BASE, **others(0.7, 2))

    assert said.word is Word.PROMOTED
    assert said.beyond is None
    assert "How much of it is the form of answers is not known" in said.seen
