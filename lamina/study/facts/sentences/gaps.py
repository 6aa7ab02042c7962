"""Statements with a gap: the figure or date that stood there is the answer."""

from collections.abc import Iterator

from lamina.study.facts.sentences.maker import Maker
from lamina.study.facts.sentences.values import dates, values
from lamina.study.rows import Dropped, StudyRow

_MOST = 3  # gaps made of one sentence
_GAP = "____"


def gap_rows(maker: Maker, text: str, evidence: str) -> Iterator[StudyRow | Dropped]:
    """One row a figure or date; one that stands twice in the sentence is none."""
    found = [*values(text), *dates(text)]
    if not all(value.is_certain for value in found):
        yield maker.dropped("no-scale", evidence)
        return
    made = 0
    for value in found:
        if maker.statement(text).count(value.text) > 1 or made >= _MOST:
            continue
        made += 1
        gapped = maker.statement(f"{text[: value.start]}{_GAP}{text[value.end :]}")
        questions = (
            f'Fill in the gap in this statement from {maker.owner} {maker.report}: "{gapped}"',
            f'{maker.owner} {maker.report} says: "{gapped}" What belongs in the gap?',
        )
        yield from maker.rows("cloze", questions, value.text, evidence, ("once-in-sentence",))
