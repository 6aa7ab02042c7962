"""From the sentences of a page to rows: amounts, definitions, gaps, continuations.

A sentence that stands alone, and speaks of nothing that another one named, is said of the company.
Any other is quoted from its report as it stands, where needed after the sentence before it.
"""

from collections.abc import Iterator

from lamina.study.facts.sentences.amounts import amount_rows
from lamina.study.facts.sentences.continuations import continuation_rows
from lamina.study.facts.sentences.definitions import definition_rows
from lamina.study.facts.sentences.gaps import gap_rows
from lamina.study.facts.sentences.maker import Maker
from lamina.study.facts.sentences.speech import AUDITOR, lead, spoken
from lamina.study.passage import Passage
from lamina.study.rows import Dropped, StudyRow
from lamina.text.blocks import blocks
from lamina.text.pages import Pages
from lamina.text.sentences import sentences

_FEWEST_WORDS, _MOST_WORDS = 5, 60
_LONGEST = 20_000  # characters of a paragraph; a longer one is none
_QUOTED = {"dangling", "unclear-verb"}  # sentences that are whole, but not said of the company


def sentence_rows(passage: Passage) -> Iterator[StudyRow | Dropped]:
    """Rows of the page's running text, and what was not certain."""
    pages = Pages(format="pdf", pages=(passage.page,))
    maker = Maker(passage)
    by_auditor = AUDITOR.search(passage.page.text) is not None
    seen: set[str] = set()
    for block in blocks(pages):
        if block.kind != "text" or len(block.text) > _LONGEST:
            continue
        before = ""
        for sentence in sentences(block.text):
            if sentence not in seen and _FEWEST_WORDS <= len(sentence.split()) <= _MOST_WORDS:
                seen.add(sentence)
                yield from _of_one(maker, sentence, before, by_auditor=by_auditor)
                before = " ".join(sentence.split())
            else:
                before = ""


def _of_one(
    maker: Maker, sentence: str, before: str, *, by_auditor: bool
) -> Iterator[StudyRow | Dropped]:
    said = spoken(sentence, maker.company, by_auditor=by_auditor)
    if said.problem in _QUOTED and not by_auditor:
        yield from _quoted(maker, sentence, before, said.problem)
        return
    if said.problem:
        yield maker.dropped(said.problem, sentence)
        return
    yield from definition_rows(maker, said.text, sentence)
    yield from amount_rows(maker, said.text, sentence)
    yield from gap_rows(maker, said.text, sentence)
    yield from continuation_rows(maker, said.text, sentence)


def _quoted(maker: Maker, sentence: str, before: str, problem: str) -> Iterator[StudyRow | Dropped]:
    text, leading = " ".join(sentence.split()), lead(sentence, before)
    if leading is None:
        yield maker.dropped(problem, sentence)
        return
    quoting = maker.verbatim(leading)
    yield from gap_rows(quoting, text, sentence)
    yield from continuation_rows(quoting, text, sentence)
