"""Sentences to be gone on with: the beginning is asked, the end is the answer (after AdaptLLM)."""

import re
from collections.abc import Iterator

from lamina.fingerprint import text_digest
from lamina.study.passage import Passage
from lamina.study.rows import StudyRow

NAME, VERSION = "continuations", 1
_SENTENCE = re.compile(r"[A-Z][^.!?]*(?:\.\d[^.!?]*)*[.!?](?=\s|\Z)")
_FIGURE = re.compile(r"\d")
_WORDS = range(12, 41)
_ASKED = 0.6  # of the words


def continuations(passage: Passage) -> Iterator[StudyRow]:
    """One for each sentence with a figure, where the company and the period are known."""
    if not (passage.company and passage.period) or passage.page.kind != "text":
        return
    text = " ".join(" ".join(line.text.split()) for line in passage.page.lines)
    subject = f"{passage.company}, {passage.period}"
    for sentence in _SENTENCE.findall(text):
        words = sentence.split()
        cut = round(_ASKED * len(words))
        begun, rest = " ".join(words[:cut]), " ".join(words[cut:])
        if len(words) not in _WORDS or not _FIGURE.search(rest):
            continue
        yield StudyRow(
            kind="continuation",
            question=f'How does this sentence about {subject} go on: "{begun} ..."?',
            answer=rest,
            strategy=NAME,
            document=passage.document,
            page=passage.page.number,
            subject=subject,
            group=text_digest(f"{passage.document}{sentence}")[:16],
            evidence=sentence,
            checks=("verbatim",),
        )
