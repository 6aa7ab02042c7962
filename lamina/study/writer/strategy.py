"""The strategy `writer`: page by page, what a model asks and answers, checked against the page."""

from collections.abc import Iterator
from typing import Protocol

from lamina.fingerprint import text_digest
from lamina.prompts.messages import Message
from lamina.study.passage import Passage
from lamina.study.rows import Dropped, StudyRow
from lamina.study.strategy import Strategy
from lamina.study.writer import asking
from lamina.study.writer.asking import Written
from lamina.study.writer.checks import CHECKS, failed, is_known_anyway

NAME = "writer"
NONSENSE = "writer-nonsense"  # no question with an answer was found in what it said


class Writes(Protocol):
    """Whoever answers messages; raises PutOffError where it cannot now."""

    def write(self, messages: list[Message], most_tokens: int) -> str:
        """The answer's text."""


def writer_strategy(writer: Writes, identity: str) -> Strategy:
    """The strategy; `identity` names the model, since another one writes otherwise."""

    def make(passage: Passage) -> Iterator[StudyRow | Dropped]:
        if passage.company:  # whom a question is about must be named
            yield from _made(passage, writer, identity)

    return Strategy(NAME, asking.VERSION, make, writer=identity)


def _made(passage: Passage, writer: Writes, identity: str) -> Iterator[StudyRow | Dropped]:
    said = writer.write(asking.asked(passage), asking.MOST_TOKENS)
    written = list(dict.fromkeys(asking.read(said)))
    if not written:
        yield Dropped(NONSENSE, passage.page.number, said)
    for one in written:
        told = f"{one.question} {one.answer}"
        if reason := failed(one, passage):
            yield Dropped(f"writer-{reason}", passage.page.number, told)
            continue
        blind = writer.write(asking.blind(one.question), asking.MOST_TOKENS_BLIND)
        if is_known_anyway(one.answer, blind):
            yield Dropped("writer-known-anyway", passage.page.number, told)
            continue
        yield _row(one, passage, identity)


def _row(one: Written, passage: Passage, identity: str) -> StudyRow:
    return StudyRow(
        kind="question",
        question=one.question,
        answer=one.answer,
        strategy=NAME,
        writer=identity,
        document=passage.document,
        page=passage.page.number,
        subject=asking.subject(passage),
        group=text_digest(f"{passage.document}{passage.page.number}{one.question}")[:16],
        evidence=_evidence(one, passage),
        checks=(*CHECKS, "unknown-without-the-page"),
    )


def _evidence(one: Written, passage: Passage) -> str:
    """The line that shares most words with the answer and the question."""
    words = set(f"{one.answer} {one.answer} {one.question}".casefold().split())
    lines = [line.text for line in passage.page.lines]
    return max(lines, key=lambda line: len(words & set(line.casefold().split())), default="")
