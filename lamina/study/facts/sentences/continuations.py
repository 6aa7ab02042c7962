"""Statements to be continued, after AdaptLLM (arXiv 2309.09530)."""

import re
from collections.abc import Iterator

from lamina.study.facts.sentences.maker import Maker
from lamina.study.facts.sentences.values import values
from lamina.study.rows import StudyRow

_FEWEST_WORDS = 14
_LEAST, _MOST = 4, 22  # words of the continuation
_BEFORE = 7  # words that must stand before it
_CUT = re.compile(
    r"(?<!\bof)(?<!\band)(?<!\bor)(?<!\bin)(?<!\bto)(?<!\bfor)(?<!\bupon)(?<!\bwith)\s"
    r"(?=(?:which|because|when|where|if|unless|until|upon|based on|as well as|including|"
    r"in order to|provided that|to the extent|except|using|over|through|at the|in accordance with|"
    r"as a result of|due to|primarily)\b)"
)


def continuation_rows(maker: Maker, text: str, evidence: str) -> Iterator[StudyRow]:
    """The rest of a sentence from where its last clause begins."""
    if len(text.split()) < _FEWEST_WORDS or not all(one.is_certain for one in values(text)):
        return
    cuts = [
        found.start()
        for found in _CUT.finditer(text)
        if len(text[: found.start()].split()) >= _BEFORE
        and _LEAST <= len(text[found.start() :].split()) <= _MOST
    ]
    if not cuts:
        return
    begin, rest = maker.statement(text[: cuts[0]].rstrip(" ,")), text[cuts[0] :].strip()
    questions = (
        f'Continue this statement from {maker.owner} {maker.report}: "{begin}"',
        f'How does this sentence of {maker.owner} {maker.report} go on? "{begin} ..."',
    )
    yield from maker.rows("continuation", questions, rest, evidence)
