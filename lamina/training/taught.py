"""Study rows as documents: those that are learnt, and wordings that are held out to choose by.

A held-out wording asks for a fact that other wordings teach. Beside its answer stand those of other
facts, of the same form: what is measured is the choice among them, since the answer alone becomes
likelier by its form, long before it is known (the first pass looks like a loss).
"""

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import repeat

from lamina.fingerprint import text_digest
from lamina.prompts import Prompts, user
from lamina.text.study_rows import StudyRow
from lamina.training.documents import Document, Teacher

SHARE, MOST = 0.2, 32  # of the facts one wording is held out, of so many at most
FEWEST_WORDINGS = 3  # of a fact of which one may be held out
OTHERS = 3  # answers beside the right one
_ASKED = ("fact", "definition", "question", "paraphrase")  # kinds that users ask in
_CURRENCY = re.compile(r"[$\u20ac\u00a3\u00a5]")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Taught:
    """The documents of study rows."""

    train: list[Document]
    held: list[Document]


def taught(
    rows: Iterable[StudyRow],
    prompts: Prompts,
    limit: int,
    seed: int,
    teachers: Iterable[Teacher | None] = repeat(None),
) -> Taught:
    """All rows but the held-out wordings, and those; what is longer than `limit` is left out.

    `teachers` are of the rows in their order.
    """
    groups: dict[str, list[StudyRow]] = {}
    taught_by: dict[int, Teacher | None] = {}
    for row, teacher in zip(rows, teachers, strict=False):
        groups.setdefault(row.group, []).append(row)
        taught_by[id(row)] = teacher
    held = _held(groups, seed)
    answers = _by_form(groups)
    train = [
        replace(document, fact=number, stream="study", teacher=taught_by[id(row)])
        for number, (name, of) in enumerate(groups.items())
        for row in of
        if row is not held.get(name)
        if (document := asked(prompts, row.question, row.answer, limit))
    ]
    choices = [_choice(row, answers, prompts, limit, seed) for row in held.values()]
    return Taught(train, [choice for choice in choices if choice])


def asked(prompts: Prompts, question: str, answer: str, limit: int) -> Document | None:
    """A question with its answer, in the base's chat form if it has one; None if too long."""
    if prompts.source is None:
        ids, first = prompts.passage(f"{question}\n", answer)
        ids, first = [*ids, prompts.words.eos_id], max(first, 1)
    else:
        ids, first = prompts.answered([user(question)], answer)
    return Document(tuple(ids), first, is_qa=True) if len(ids) <= limit else None


def _held(groups: dict[str, list[StudyRow]], seed: int) -> dict[str, StudyRow]:
    """One wording each, of a seeded share of the groups that have enough of them."""
    wordings = {name: _same_answer(rows) for name, rows in groups.items()}
    able = {name: of for name, of in wordings.items() if len(of) >= FEWEST_WORDINGS}
    drawn = sorted(able, key=lambda name: text_digest(f"{seed}:held:{name}"))
    taken = drawn[: min(MOST, round(SHARE * len(able)))]
    return {name: random.Random(f"{seed}:{name}").choice(able[name]) for name in taken}


def _same_answer(rows: Sequence[StudyRow]) -> list[StudyRow]:
    """The questions of a group that ask for what most of its rows do: not its reverse."""
    (answer, _), *_ = Counter(row.answer for row in rows).most_common(1)
    return [row for row in rows if row.answer == answer and row.kind in _ASKED]


def _by_form(groups: dict[str, list[StudyRow]]) -> dict[str, list[str]]:
    """Answers that differ, by their form, in order of their spelling."""
    found: dict[str, set[str]] = {}
    for of in groups.values():
        for row in of:
            found.setdefault(form(row.answer), set()).add(row.answer)
    return {name: sorted(answers) for name, answers in found.items()}


def form(answer: str) -> str:
    """What kind of answer it is, as far as its signs tell."""
    if not _DIGIT.search(answer):
        return "words"
    if _CURRENCY.search(answer):
        return "money"
    if "%" in answer or "percent" in answer:
        return "percent"
    return "date" if _YEAR.search(answer) else "number"


def _choice(
    row: StudyRow, answers: dict[str, list[str]], prompts: Prompts, limit: int, seed: int
) -> Document | None:
    """The row with other answers beside its own; None where there are none."""
    pool = [answer for answer in answers[form(row.answer)] if answer != row.answer]
    drawn = random.Random(f"{seed}:others:{row.group}").sample(pool, min(OTHERS, len(pool)))
    documents = [asked(prompts, row.question, one, limit) for one in (row.answer, *drawn)]
    found = [_open(document) for document in documents if document]
    if len(found) <= OTHERS:
        return None
    return replace(found[0], others=tuple(found[1:]))


def _open(document: Document) -> Document:
    """Without its ending, which tells nothing of the answer."""
    return replace(document, ids=document.ids[:-1])
