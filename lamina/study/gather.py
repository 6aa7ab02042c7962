"""The rows of all passages together: what repeats, contradicts, or examines is left out.

Twice over the passages: what two pages answer differently is known only after the last one. Of a
question only digests are held in memory.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from lamina.fingerprint import text_digest
from lamina.store import Store
from lamina.study.abstention import abstentions
from lamina.study.memory import kept_of, made_of
from lamina.study.passage import Passage
from lamina.study.rows import Dropped, StudyRow
from lamina.study.strategy import Strategy
from lamina.text.repeats import Exam

Passages = Callable[[], Iterable[Passage]]  # read anew each time, in the same order
CONTRADICTED, REPEATED, EXAMINED = "contradicted", "repeated", "exam"


@dataclass(frozen=True)
class Gathered:
    """What comes of one passage."""

    passage: Passage
    rows: tuple[StudyRow, ...]
    dropped: tuple[Dropped, ...]


@dataclass
class _Answers:
    """Which questions were answered, how, and which of them in two ways."""

    known: dict[int, int] = field(default_factory=dict)
    contradicted: set[int] = field(default_factory=set)

    def note(self, row: StudyRow) -> None:
        asked, answer = _asked(row), _spelled(row.answer)
        if self.known.setdefault(asked, answer) != answer:
            self.contradicted.add(asked)


def gathered(
    passages: Passages,
    strategies: Sequence[Strategy],
    *,
    exam: Sequence[str],
    companies: Collection[str],
    store: Store,
) -> Iterator[Gathered]:
    """Passage by passage; `exam` are questions that no row may ask, however it is spelled."""
    answers = _Answers()
    for strategy in strategies:
        for _, made in made_of(passages(), strategy, store):
            for row in made.rows:
                answers.note(row)
    examined = Exam(exam)
    taken: set[int] = set()
    for _, pages in groupby(passages(), key=lambda passage: passage.document):
        document = list(pages)
        each = [list(kept_of(document, one, store)) for one in strategies]
        for number, passage in enumerate(document):
            own = [strategy[number] for strategy in each]
            rows = [row for one in own for row in one.rows]
            rows += abstentions(passage, rows, companies)
            kept, dropped = [], [left for one in own for left in one.dropped]
            for row in rows:
                if reason := _reason(row, answers, taken, examined):
                    dropped.append(Dropped(reason, row.page, row.question))
                else:
                    taken.add(_asked(row))
                    kept.append(row)
            yield Gathered(passage, tuple(kept), tuple(dropped))


def _reason(row: StudyRow, answers: _Answers, taken: set[int], exam: Exam) -> str:
    """Why a row is left out; empty where it is not."""
    asked = _asked(row)
    if asked in answers.contradicted:
        return CONTRADICTED
    if asked in taken:
        return REPEATED
    return EXAMINED if next(exam.like(row.question), None) else ""


def _asked(row: StudyRow) -> int:
    return _spelled(row.question)


def _spelled(text: str) -> int:
    return int(text_digest(" ".join(text.casefold().split()))[:15], 16)
