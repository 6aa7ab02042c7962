"""Labels of rows: without footnotes' marks, joined over lines, with the captions they stand under.

"Domestic" is nothing by itself: under "Current tax" it is. What a row stands under is told by
indents, by a colon, and ended by a total; where that leaves a doubt, the row says so.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from lamina.study.facts.periods import has_year, is_head
from lamina.study.facts.tables.cells import Row, cells_of
from lamina.text.pages import Line

_MARK = re.compile(
    r"(?:\(\s?(?:\d{1,2}|[a-z]{1,2})\s?\)[,\s]*)+|[*\u2020\u2021]+|[\u00b9\u00b2\u00b3]+"
)
_MARKS_AT_END = re.compile(
    r"(?:\s*(?:\(\s?(?:\d{1,2}|[a-z])\s?\)|[*\u2020\u2021\u00b9\u00b2\u00b3])[,\s]*)+\Z"
)
_LEADERS = re.compile(r"(?:\s*\.){3,}\s*\Z")
_GLUED = re.compile(r"[A-Za-z)]\d{1,2}\Z|[a-z]\s\d\Z")
_GOES_ON = re.compile(
    r"(?:\b(?:of|and|or|the|in|for|to|from|with|by|on|at|a|an|as|than|under|per|not|including|"
    r"excluding)|[,\u2013-])\s*\Z",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"(?:sub-?)?totals?\b|net\b|grand\b|balance\b|ending\b", re.IGNORECASE)
_FIGURES = re.compile(r"[$\u20ac\u00a3]\s?\(?\d|\brespectively\b")  # those of several years, often
_SUM = re.compile(r"(?:sub-?)?totals?\b|ending\b", re.IGNORECASE)
_SAME_PT = 2.5  # by which lines of one indent may differ
_LABEL_STEP = 1.75  # heights of the font between the lines of one label
_NEARLY_FULL = 0.8  # of the room for labels, from where a line may go on below
_MOST_CAPTIONS = 4
_LONGEST = 300  # characters of a label


class Label(NamedTuple):
    """What a row's figures are, as far as it is certain."""

    text: str
    captions: tuple[str, ...]  # the ones it stands under, the outermost first
    problem: str = ""
    when: str = ""  # the caption that says when, for all rows below it


@dataclass
class _Caption:
    left: float
    text: str
    has_deeper: bool = False  # rows stand further in than the caption does
    has_colon: bool = False
    rows: int = 0
    is_over: bool = False  # its total was there
    rows_left: float = inf  # how far in the rows below it begin


@dataclass
class _State:
    open: list[_Caption] = field(default_factory=list)
    above: Row | None = None
    when: str = ""


def is_mark(text: str) -> bool:
    """Whether a piece is a footnote's mark, such as `(a)` or `(1)(2)`."""
    return _MARK.fullmatch(text.strip()) is not None


def clean(text: str) -> str:
    """A label or head without marks, leaders and a colon at its end."""
    text = _LEADERS.sub("", " ".join(text[:_LONGEST].split()))
    text = _MARKS_AT_END.sub("", text.rstrip(" :")).rstrip(" :,;\u2013\u2014-")
    return " ".join(text.split())


def labels(
    rows: Sequence[Row], between: dict[int, list[Line]], room_right: float
) -> Iterator[Label]:
    """The label of each row in order; `room_right` is where labels end at the latest."""
    state = _State()
    words = _Words(rows, room_right)
    for place, lines in between.items():
        words.sort_out(place, lines)
    for place, row in enumerate(rows):
        for caption in words.captions.get(place, ()):
            _open(state, caption)
        head, tail = words.heads.get(place, []), words.tails.get(place, [])
        text = " ".join([*head, row.label, *tail])
        yield _label(state, row, text, is_unclear=place in words.unclear)
        state.above = row


class _Words:
    """Lines of words between rows: the end of the label above, captions, a label's beginning."""

    def __init__(self, rows: Sequence[Row], room_right: float) -> None:
        self._rows = rows
        self._room_right = room_right
        self.heads: dict[int, list[str]] = {}
        self.tails: dict[int, list[str]] = {}
        self.captions: dict[int, list[Line]] = {}
        words = [slot.left for row in rows for slot in row.slots if slot.kind == "text"]
        begin = min(words, default=inf) - _SAME_PT  # what stands there classifies, and is no label
        self.unclear = {
            place for place, row in enumerate(rows) if _is_lower(row.label) or _reaches(row, begin)
        }

    def sort_out(self, place: int, lines: Sequence[Line]) -> None:
        """Say of each line before the row at a place what it belongs to."""
        rest = self._without_tail(place, list(lines))
        rest = self._without_head(place, rest)
        below = self._rows[place].line
        if rest and place not in self.heads and self._may_go_on(rest[-1], below):
            self.unclear.add(place)
            rest.pop()
        self.captions[place] = rest

    def _without_tail(self, place: int, rest: list[Line]) -> list[Line]:
        """The lines without those that end the label of the row above."""
        last = self._rows[place - 1].line if place else None
        while rest and last and _is_lower(rest[0].text) and _is_below(last, rest[0]):
            if len(rest) == 1 and _is_lower(self._rows[place].label):
                self.unclear.update((place - 1, place))
                return []
            self.tails.setdefault(place - 1, []).append(rest[0].text)
            last = rest.pop(0)
        return rest

    def _without_head(self, place: int, rest: list[Line]) -> list[Line]:
        """The lines without those that begin the label of the row below."""
        below, begin = self._rows[place].line, self._rows[place].label
        while rest and _is_below(rest[-1], below) and not rest[-1].text.rstrip().endswith(":"):
            if not (_is_lower(begin) or _GOES_ON.search(rest[-1].text)):
                break
            below, begin = rest[-1], rest[-1].text
            self.heads.setdefault(place, []).insert(0, begin)
            self.unclear.discard(place)
            rest.pop()
        return rest

    def _may_go_on(self, line: Line, below: Line) -> bool:
        """Whether a line fills the room for labels, so that the row may be its second half."""
        is_full = line.right - line.left > _NEARLY_FULL * (self._room_right - line.left)
        is_caption = line.text.rstrip().endswith(":") or not _is_below(line, below)
        return is_full and not is_caption and abs(line.left - below.left) < _SAME_PT


def _reaches(row: Row, begin: float) -> bool:
    """Whether a label stands where other rows have words, or goes on into them."""
    cells = cells_of(row.line)
    return row.line.left >= begin or (bool(cells) and cells[0].right > begin + 2 * _SAME_PT)


def _is_lower(text: str) -> bool:
    return text[:1].islower()


def _is_below(first: Line, second: Line) -> bool:
    return 0 < second.top - first.top <= _LABEL_STEP * max(first.size, second.size)


def _open(state: _State, line: Line) -> None:
    text = " ".join(line.text.split())
    if is_head(clean(text)) and has_year(text):
        state.open, state.when = [], clean(text)
        return
    last = state.open[-1] if state.open else None
    if last and not last.rows and (_is_lower(text) or _GOES_ON.search(last.text)):
        last.text, last.has_colon = f"{last.text} {text}", text.endswith(":")
        return
    inner = line.left + _SAME_PT
    state.open = [
        one
        for one in state.open
        if one.left + 2 * _SAME_PT < inner and (one.rows_left == inf or one.rows_left <= inner)
    ][-_MOST_CAPTIONS:]
    state.open.append(_Caption(line.left, text, has_colon=text.endswith(":")))


def _label(state: _State, row: Row, text: str, *, is_unclear: bool) -> Label:
    left = row.line.left
    is_total = _TOTAL.match(text) is not None
    kept: list[_Caption] = []
    problem = "unclear-label" if is_unclear else ""
    for caption in state.open:
        if left > caption.left + _SAME_PT:
            caption.has_deeper = True
        elif caption.has_deeper or left < caption.left - _SAME_PT:
            continue  # the rows of this caption are over
        elif is_total or (caption.rows and _begins_anew(state.above, row)):
            continue
        if caption.is_over:
            problem = problem or "unclear-caption"
        caption.is_over = caption.is_over or _SUM.match(text) is not None
        caption.rows += 1
        caption.rows_left = min(caption.rows_left, left)
        kept.append(caption)
    state.open = kept
    said = clean(text)
    if _GLUED.search(said) and not re.search(
        r"\b(?:level|tier|note|topic)\s\d\Z", said, re.IGNORECASE
    ):
        problem = problem or "glued-mark"
    if _GOES_ON.search(said) or _FIGURES.search(said):
        problem = problem or "unclear-label"
    stands_under = () if _SUM.match(text) else tuple(clean(one.text) for one in kept)
    return Label(said, stands_under, problem, state.when)


def _begins_anew(above: Row | None, row: Row) -> bool:
    """Whether a row has currency signs where the one above it had none: a total, often."""

    def signs(one: Row) -> int:
        return sum(bool(slot.figure and slot.figure.currency) for slot in one.slots)

    return above is not None and signs(row) > 0 and signs(above) == 0
