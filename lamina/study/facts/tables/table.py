"""A table that can be read: what each of its figures says, or why that is not certain."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from lamina.study.facts.fact import Fact
from lamina.study.facts.periods import Period, periods_in, said
from lamina.study.facts.tables.cells import Row, Slot
from lamina.study.facts.tables.columns import column_at
from lamina.study.facts.tables.context import caption_of
from lamina.study.facts.tables.flows import is_flow
from lamina.study.facts.tables.generic import is_generic, is_total, is_year_label, says_enough
from lamina.study.facts.tables.grids import Grid
from lamina.study.facts.tables.heads import Head
from lamina.study.facts.tables.labels import Label, labels
from lamina.study.facts.tables.scales import Scales, scales_in, without_scales
from lamina.study.facts.tables.units import Around, answer
from lamina.study.passage import Passage
from lamina.study.rows import Dropped

_PLAIN_WORDS = re.compile(r"[A-Za-z][A-Za-z ,&'\u2019/-]{2,60}")
_CHECKS = ("one-row", "one-column", "one-period", "one-unit", "one-answer")


class Of(NamedTuple):
    """What is said of a whole table."""

    scales: Scales
    lead: str
    context: str
    from_heading: bool
    period: Period | None
    money: str  # the only currency sign of the page, or empty
    needs_caption: bool = False  # whether a label of its own is not enough: something led above


_Name = tuple[str, tuple[str, ...]]


def _name(label: Label) -> _Name:
    return label.text.casefold(), (*label.captions, label.when)


def _words(row: Row) -> tuple[str, ...]:
    """What stands among its figures."""
    return tuple(one.text for one in row.slots if one.kind == "text")


class Table:
    """Its figures, one after the other."""

    def __init__(self, passage: Passage, grid: Grid, of: Of, heads: Sequence[Head]) -> None:
        self._passage, self._grid, self._of, self._heads = passage, grid, of, heads
        self._alike: Counter[_Name] = Counter()  # rows of one name
        self._said: dict[tuple[_Name, tuple[str, ...]], set[tuple[str, ...]]] = {}
        self._is_dated = False  # whether columns or captions say when
        self._mixed = [False] * len(heads)  # whether a column has held other things since then
        self._money = [""] * len(heads)  # the currency sign that each column showed last

    def facts(self) -> Iterator[Fact | Dropped]:
        """What each figure says, or why it says nothing for certain."""
        grid = self._grid
        named = list(labels(grid.rows, grid.between, grid.columns[0].left))
        self._alike = Counter(map(_name, named))
        for row, one in zip(grid.rows, named, strict=True):
            figures = tuple(slot.text for slot in row.slots if slot.kind != "text")
            self._said.setdefault((_name(one), _words(row)), set()).add(figures)
        self._is_dated = any(label.when for label in named) or any(
            one.period for one in self._heads
        )
        for row, label in zip(grid.rows, named, strict=True):
            for slot in row.slots:
                if slot.kind == "figure":
                    found = self._fact(row, label, slot)
                    if isinstance(found, str):
                        text = f"{row.label}: {slot.text}"
                        yield Dropped(found, self._passage.page.number, text)
                    else:
                        yield found

    def _fact(self, row: Row, label: Label, slot: Slot) -> Fact | str:
        """The fact, or the reason why there is none."""
        place = column_at(self._grid.columns, slot.left, slot.right)
        if place is None or slot.figure is None:
            return "merged-cells"
        if slot.figure.currency:
            self._money[place], self._mixed[place] = slot.figure.currency, False
        head = self._heads[place]
        text = without_scales(label.text)
        is_told = self._grid.names_words and self._alike[_name(label)] == 1
        words = () if is_told else _words(row)
        period = self._period(head, label)
        problem = self._problem(row, label, text, head, words, period)
        if problem:
            return problem
        scales = scales_in([row.label, *label.captions]) or head.scales or self._of.scales
        captions = " ".join(label.captions)
        money = ("", "") if self._mixed[place] else (self._money[place], self._of.money)
        around = Around(label.text, captions, head.title, self._of.context, scales, *money)
        found = answer(slot, around)
        if found.what not in {"money", "price"}:  # what follows may be counted, too
            self._mixed[place] = True
        if found.problem:
            return found.problem
        of_label = tuple(
            one for one in map(without_scales, label.captions) if one.casefold() != text.casefold()
        )
        under = "" if self._of.context else caption_of(of_label)
        of_label = of_label[:-1] if under else of_label
        return Fact(
            company=self._passage.company,
            label=text,
            qualifiers=tuple(filter(None, (*of_label, *words, head.title))),
            context=self._context(text) if self._of.context else under,
            from_heading=self._of.from_heading and not under,
            periods=self._when(period, captions, label.text),
            period_key=period.key if period else "",
            answer=found.text,
            what=found.what,
            digits=slot.figure.digits,
            page=self._passage.page.number,
            evidence=self._evidence(row),
            checks=_CHECKS,
        )

    def _period(self, head: Head, label: Label) -> Period | None:
        """When a figure is of: by its column, by a caption, or by what leads to the table."""
        captioned = next(iter(periods_in(label.when)[0]), None)
        if captioned and captioned.how == "at":  # a date over rows is a day
            captioned = replace(captioned, is_day=True)
        own = head.period or captioned
        return own if own or self._is_dated else self._of.period

    def _problem(  # noqa: PLR0913, PLR0917 - all that a figure hangs on
        self,
        row: Row,
        label: Label,
        text: str,
        head: Head,
        words: Sequence[str],
        period: Period | None,
    ) -> str:
        """Why row and column do not say what a figure is of; empty where they do."""
        if not row.label or not text:
            return "no-label"
        if label.problem or head.problem:
            return label.problem or head.problem
        if not all(map(_PLAIN_WORDS.fullmatch, words)):
            return "two-labels"
        is_led = bool(self._of.context) and not self._of.from_heading
        if len(self._said[_name(label), _words(row)]) > 1:
            return "ambiguous"
        if is_total(text) and (any(self._grid.between.values()) or not is_led):
            return "bare-total"
        of_label, bare = periods_in(text)
        dated = any(one.date for one in of_label) and not is_year_label(text)
        is_ahead = is_led and is_year_label(text) and bool(self._passage.period)
        if not (period or dated or is_ahead):
            return "no-period"
        if head.period and label.when:
            return "two-periods"
        under = caption_of([without_scales(one) for one in label.captions])
        if is_year_label(text):
            is_said = is_led
        elif is_generic(bare, label.captions):
            is_said = is_led or says_enough(under, "")
        else:
            is_enough = says_enough(bare, "") and not self._of.needs_caption
            is_said = bool(self._of.context or under) or is_enough
        return "" if is_said else "no-context"

    def _context(self, text: str) -> str:
        """What the table is of, where the label does not say it itself."""
        bare = periods_in(text)[1]  # "Balance at June 30, 2022" says no more than "Balance"
        is_bare = is_generic(bare, ()) or is_year_label(text)
        return "" if says_enough(bare, self._of.context) and not is_bare else self._of.context

    def _when(self, period: Period | None, captions: str, label: str) -> tuple[str, ...]:
        if period is None:  # what a report says of years to come is of that report
            return (f"in the {self._passage.period} report" if is_year_label(label) else "",)
        flow = is_flow(self._of.lead, f"{captions} {label}")
        return tuple(said(period, flow=flow, fiscal=self._passage.period.startswith("fiscal")))

    def _evidence(self, row: Row) -> str:
        heads = ["  ".join(cell.text for cell in cells) for cells in self._grid.heads]
        return " | ".join(filter(None, (self._of.lead, *heads, row.line.text)))
