"""Labels of rows: without footnotes' marks, joined over lines, with the captions they stand under.

"Domestic" is nothing by itself: under "Current tax" it is. What a row stands under is told by
indents, by a colon, and ended by a total; where that leaves a doubt, the row says so.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lamina.study.facts.cells import Row
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
_SAME_PT = 2.5  # by which lines of one indent may differ
_LABEL_STEP = 1.75  # heights of the font between the lines of one label
_NEARLY_FULL = 0.8  # of the room for labels, from where a line may go on below
_MOST_CAPTIONS = 4


class Label(NamedTuple):
    """What a row's figures are, as far as it is certain."""

    text: str
    captions: tuple[str, ...]  # the ones it stands under, the outermost first
    problem: str = ""


@dataclass
class _Caption:
    left: float
    text: str
    has_deeper: bool = False  # rows stand further in than the caption does
    has_colon: bool = False
    rows: int = 0


@dataclass
class _State:
    open: list[_Caption] = field(default_factory=list)
    above: Row | None = None


def is_mark(text: str) -> bool:
    """Whether a piece is a footnote's mark, such as `(a)` or `(1)(2)`."""
    return _MARK.fullmatch(text.strip()) is not None


def clean(text: str) -> str:
    """A label or head without marks, leaders and a colon at its end."""
    text = _LEADERS.sub("", " ".join(text.split()))
    text = _MARKS_AT_END.sub("", text.rstrip(" :")).rstrip(" :,;\u2013\u2014-")
    return " ".join(text.split())


def labels(
    rows: Sequence[Row], between: dict[int, list[Line]], room_right: float
) -> Iterator[Label]:
    """The label of each row in order; `room_right` is where labels end at the latest."""
    state = _State()
    heads: dict[int, list[str]] = {}
    tails: dict[int, list[str]] = {}
    unclear: set[int] = set()
    captions: dict[int, list[Line]] = {}
    for place, lines in between.items():
        _sort_out(place, lines, rows, room_right, heads, tails, unclear, captions)
    for place, row in enumerate(rows):
        for caption in captions.get(place, ()):
            _open(state, caption)
        text = " ".join([*heads.get(place, ()), row.label, *tails.get(place, ())])
        yield _label(state, row, text, is_unclear=place in unclear)
        state.above = row


def _sort_out(  # noqa: PLR0913 - one place after the other
    place: int,
    lines: Sequence[Line],
    rows: Sequence[Row],
    room_right: float,
    heads: dict[int, list[str]],
    tails: dict[int, list[str]],
    unclear: set[int],
    captions: dict[int, list[Line]],
) -> None:
    """Lines of words between two rows: the end of the label above, captions, a label's beginning."""
    rest = list(lines)
    above = rows[place - 1] if place else None
    last = above.line if above else None
    while rest and last and above and _is_lower(rest[0].text) and _is_below(last, rest[0]):
        if _is_lower(rows[place].label) and len(rest) == 1:
            unclear.update((place - 1, place))
        tails.setdefault(place - 1, []).append(rest[0].text)
        last = rest.pop(0)
    below, begin = rows[place].line, rows[place].label
    while rest and _is_below(rest[-1], below):
        goes_on = _is_lower(begin) or _GOES_ON.search(rest[-1].text)
        if not goes_on or rest[-1].text.rstrip().endswith(":"):
            break
        heads.setdefault(place, []).insert(0, rest[-1].text)
        below, begin = rest[-1], rest[-1].text
        rest.pop()
    if rest and _is_below(rest[-1], below) and not rest[-1].text.rstrip().endswith(":"):
        is_full = rest[-1].right - rest[-1].left > _NEARLY_FULL * (room_right - rest[-1].left)
        if is_full and abs(rest[-1].left - below.left) < _SAME_PT:
            unclear.add(place)
            rest.pop()
    if _is_lower(rows[place].label) and place not in heads:
        unclear.add(place)
    captions[place] = rest


def _is_lower(text: str) -> bool:
    return text[:1].islower()


def _is_below(first: Line, second: Line) -> bool:
    return 0 < second.top - first.top <= _LABEL_STEP * max(first.size, second.size)


def _open(state: _State, line: Line) -> None:
    text = " ".join(line.text.split())
    last = state.open[-1] if state.open else None
    if last and not last.rows and (_is_lower(text) or _GOES_ON.search(last.text)):
        last.text, last.has_colon = f"{last.text} {text}", text.endswith(":")
        return
    state.open = [one for one in state.open if one.left < line.left - _SAME_PT][-_MOST_CAPTIONS:]
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
        caption.rows += 1
        kept.append(caption)
    state.open = kept
    said = clean(text)
    if _GLUED.search(said) and not re.search(
        r"\b(?:level|tier|note|topic)\s\d\Z", said, re.IGNORECASE
    ):
        problem = problem or "glued-mark"
    if _GOES_ON.search(said):
        problem = problem or "unclear-label"
    stands_under = () if is_total else tuple(clean(one.text) for one in kept)
    return Label(said, stands_under, problem)


def _begins_anew(above: Row | None, row: Row) -> bool:
    """Whether a row has currency signs where the one above it had none: a total, often."""

    def signs(one: Row) -> int:
        return sum(bool(slot.figure and slot.figure.currency) for slot in one.slots)

    return above is not None and signs(row) > 0 and signs(above) == 0
