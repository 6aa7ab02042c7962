"""Facts by rules, without a model: rows of tables and sentences, each held up by its page.

Exactness is everything: what is not certain is no row, but dropped with its reason.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

from lamina.study.facts.fact import Fact
from lamina.study.facts.sentences import sentence_rows
from lamina.study.facts.tables import table_facts
from lamina.study.facts.tables.figures import has_decimal_commas
from lamina.study.facts.wording import rows_of
from lamina.study.passage import Passage
from lamina.study.rows import Dropped, StudyRow
from lamina.text.blocks.running import without_running_lines
from lamina.text.pages import Page

VERSION = 6
_LONGEST = 1_000  # characters of a printed line
_SMALL_WORD = re.compile(r"(?<![\w.-])[a-z][\w-]*[a-z]")


def facts_of(passage: Passage) -> Iterator[StudyRow | Dropped]:
    """Rows that a page teaches, and what was left out."""
    page = _printed(passage.page)
    passage = passage.model_copy(update={"page": page})
    if page.kind not in {"text", "table"} or not page.lines:
        return
    if not passage.company:
        yield Dropped("no-company", page.number, "")
        return
    if has_decimal_commas(page.text):
        yield Dropped("foreign-figures", page.number, "")
        return
    lines = [line for _, kept in without_running_lines([page]) for line in kept]
    yield from _taught(table_facts(passage, lines), passage)
    yield from sentence_rows(passage)


def _printed(page: Page) -> Page:
    """The page without lines that are too long to be printed ones: some rules look back."""
    lines = tuple(line for line in page.lines if len(line.text) <= _LONGEST)
    return page if len(lines) == len(page.lines) else page.model_copy(update={"lines": lines})


def _taught(found: Iterator[Fact | Dropped], passage: Passage) -> Iterator[StudyRow | Dropped]:
    by_key: dict[tuple[str, ...], list[Fact]] = defaultdict(list)
    answers: dict[tuple[str, str], set[tuple[str, ...]]] = defaultdict(set)
    for fact in found:
        if isinstance(fact, Dropped):
            yield fact
        else:
            by_key[fact.key].append(fact)
            answers[fact.digits, fact.period_key].add(fact.key)
    known = frozenset(_SMALL_WORD.findall(passage.page.text))
    for key, facts in by_key.items():
        first = facts[0]
        if len({fact.answer for fact in facts}) > 1:
            for fact in facts:
                yield Dropped("ambiguous", fact.page, f"{fact.label}: {fact.answer}")
            continue
        is_unique = answers[first.digits, first.period_key] == {key}
        yield from rows_of(first, passage, known, is_unique=is_unique)
