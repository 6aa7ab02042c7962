"""A verdict in words: what was seen, why a layer is held, what to do. Pure."""

from collections.abc import Iterable, Iterator

from lamina.assessment.verdicts.compare import OTHERS
from lamina.assessment.verdicts.enough import enough_for
from lamina.assessment.verdicts.findings import Findings
from lamina.assessment.verdicts.holds import held
from lamina.assessment.verdicts.phrases import ahead, amount, beside, gained, inferred, interval
from lamina.assessment.verdicts.verdict import Comparison, Verdict, Word
from lamina.margins import Margins


def verdict(found: Findings, word: Word, level: float, margins: Margins) -> Verdict:
    """The whole verdict; `level` is that of the gain, drawn further in a batch."""
    gain = found.home.compared(level) if found.home else None
    others = [found.answers, found.serving, *found.elsewhere]
    comparisons = tuple(one.compared(margins.level) for one in others if one)
    enough = enough_for(found, word, level, margins)
    why, remedy = held(found, word, enough, level, margins)
    return Verdict(
        name=found.case.candidate,
        topics=found.case.topics,
        word=word,
        kind=found.kind,
        n=found.n,
        documents=found.documents,
        unplaced=found.unplaced,
        inferred=found.inferred,
        gain=gain,
        beyond=found.beyond.compared(level) if found.beyond else None,
        confidence=1 - level,
        comparisons=comparisons,
        enough=enough,
        seen=" ".join(_seen(found, gain, word, level, comparisons)),
        why=why,
        remedy=remedy,
    )


def _seen(
    found: Findings,
    gain: Comparison | None,
    word: Word,
    level: float,
    others: Iterable[Comparison],
) -> Iterator[str]:
    if gain and word is not Word.NO_EFFECT:
        said = gained(gain, known=bool(found.inferred))
        yield f"{said}; more than {amount(gain.bar, gain.kind)} counts."
        if found.beyond:
            yield f"{ahead(found.beyond.compared(level))}."
        elif gain.kind == "D":
            yield (
                "How much of it is the form of answers is not known: fewer than "
                f"{OTHERS['D']} other topics' layers were asked the same."
            )
    if found.inferred and not found.same:
        yield inferred(found.inferred)
    if word is Word.PROMOTED:
        told = (f"{beside(one)} {interval(one)} from {one.documents} documents" for one in others)
        yield f"No harm was seen: {'; '.join(told)}."
