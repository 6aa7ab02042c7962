"""Lines to blocks: headings, paragraphs, table rows, questions with answers.

Where lines have a place on the page, gaps, indents and sizes part the paragraphs; in text and
Markdown files blank lines do.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from statistics import median

from lamina.text.blocks.cells import is_row, row_text
from lamina.text.blocks.hyphens import Vocabulary
from lamina.text.blocks.running import without_running_lines
from lamina.text.blocks.tables import BlockKind, Printed, whole_rows
from lamina.text.pages import Line, Pages


@dataclass(frozen=True)
class Block:
    """A piece of a document that is not to be torn."""

    kind: BlockKind
    text: str  # the answer of a qa block
    pages: tuple[int, int]  # first and last, counted from 1
    heading: tuple[str, ...] = ()
    question: str | None = None
    level: int = 0  # headings only: 1 is the outermost
    evidence: str = ""  # qa blocks of question files only


_QUESTION = re.compile(r"(?:Q|Question)(?:\s?\d+)?[:.]\s+(?=\S)")
_ANSWER = re.compile(r"(?:A|Answer)(?:\s?\d+)?[:.]\s+(?=\S)")
_BULLET = re.compile(
    r"(?:[\u2022\u2023\u25aa\u25cf\u25e6\u00b7*\u2013-]|\(?[a-z0-9]{1,3}[.)])\s+\S"
)
_MARKDOWN_HEADING = re.compile(r"(#{1,6})\s+(.+)\Z")
_NUMBERED_HEADING = re.compile(
    r"(?:(?:Note|NOTE|Item|ITEM|Part|PART|Chapter|Section)\s+[\dIVX]+[A-Z]?\b|\d{1,2}(?:\.\d{1,2})*\.?\s)"
    r"[^a-z]*[A-Z(].*"
)
_RULE = re.compile(r"[_=\s]{4,}|[-\u2013\u2014\s]{4,}")  # a line drawn with characters
_SENTENCE_END = (".", "!", "?", ":", ";", ".\u201d", '."', ".)")
_NO_HEADING_END = (".", ",", ";", "-", " and", " or", " the", " of")
_FEWEST_HEADING_LETTERS = 3
_TITLE_SIZE, _HEADING_SIZE = 1.5, 1.12  # of the running text's size
_AROUND = 4  # lines before and after that tell the usual distance of lines
_WIDEST_STEP = 1.5  # heights of the font from line to line within a paragraph
_SAME_SIZE = 0.15  # of the height, by which fonts of one paragraph may differ
_SHORT_LINE = 0.25  # of the next line: a line that ends so much earlier ends a paragraph
_LONGEST_HEADING = 200  # characters
_MAX_HEADING_WORDS = 14


def blocks(pages: Pages) -> list[Block]:
    """The document's blocks in reading order, each with its pages and the headings above it."""
    if pages.questions:
        return [
            Block("qa", one.answer, (1, 1), question=one.question, evidence=one.evidence)
            for one in pages.questions
        ]
    cleaned = without_running_lines([page for page in pages.pages if page.kind != "garbled"])
    vocabulary = Vocabulary(line.text for _, lines in cleaned for line in lines)
    body_size = _body_size(lines for _, lines in cleaned)
    printed = [item for number, lines in cleaned for item in _looked_at(lines, number, body_size)]
    merged = _merged(whole_rows(printed), vocabulary)
    found = list(_with_headings(_questions(merged)))
    return [block for block, after in zip_longest(found, found[1:]) if not _is_asked(block, after)]


def _is_asked(block: Block, after: Block | None) -> bool:
    """Whether a heading stands over questions: they carry it, and as text it would be empty."""
    return block.kind == "heading" and after is not None and after.kind == "qa"


def _body_size(pages: Iterable[Sequence[Line]]) -> float:
    sizes = [line.size for lines in pages for line in lines for _ in range(len(line.text) // 20)]
    return median(sizes) if sizes else 0.0


def _looked_at(lines: Sequence[Line], page: int, body_size: float) -> Iterator[Printed]:
    for index, line in enumerate(lines):
        if _RULE.fullmatch(line.text):
            continue
        around = [lines[near].text for near in (index - 1, index + 1) if 0 <= near < len(lines)]
        if is_row(line.text, around):
            yield Printed(line._replace(text=row_text(line.text)), page, "row")
        else:
            yield _running(line._replace(text=" ".join(line.text.split())), page, body_size)


def _running(line: Line, page: int, body_size: float) -> Printed:
    """A line that is no row: a heading, or a part of a paragraph."""
    text = line.text
    if text.startswith("#") and (markdown := _MARKDOWN_HEADING.match(text[:_LONGEST_HEADING])):
        clean = line._replace(text=markdown[2].rstrip("# "))
        return Printed(clean, page, "heading", len(markdown[1]))
    if level := _heading_level(line, body_size):
        return Printed(line, page, "heading", level)
    return Printed(line, page, "text")


def _heading_level(line: Line, body_size: float) -> int:
    """1 to 3 for a heading, the outermost first; 0 for anything else."""
    text = line.text
    words = text.split()
    letters = sum(map(str.isalpha, text))
    if letters < _FEWEST_HEADING_LETTERS or len(words) > _MAX_HEADING_WORDS:
        return 0
    if text.endswith(_NO_HEADING_END) or text[0].islower() or _BULLET.match(text):
        return 3 if _is_numbered(text) else 0
    if _QUESTION.match(text) or _ANSWER.match(text):
        return 0
    if body_size and line.size > _TITLE_SIZE * body_size:
        return 1
    if body_size and line.size > _HEADING_SIZE * body_size:
        return 2
    return 3 if _is_numbered(text) else 0


def _is_numbered(text: str) -> bool:
    is_ended = text.endswith(_NO_HEADING_END)
    return not is_ended and " " in text and _NUMBERED_HEADING.fullmatch(text) is not None


def _merged(printed: Sequence[Printed], vocabulary: Vocabulary) -> list[Block]:
    """Runs of text lines to paragraphs; headings over two lines to one; rows stay."""
    result: list[Block] = []
    last: Printed | None = None
    for item, pitch in zip(printed, _pitches(printed), strict=True):
        if not item.line.text:
            last = None
            continue
        if last and result and _continues(last, item, pitch):
            before = result[-1]
            joined = vocabulary.join(before.text, item.line.text)
            result[-1] = replace(before, text=joined, pages=(before.pages[0], item.page))
        else:
            page = (item.page, item.page)
            result.append(Block(item.kind, item.line.text, page, level=item.level))
        last = item
    return result


def _pitches(printed: Sequence[Printed]) -> list[float]:
    """For each line the usual distance between lines of running text around it, in points."""
    steps = [
        b.line.top - a.line.top if a.page == b.page and a.kind == b.kind == "text" else 0.0
        for a, b in pairwise(printed)
    ]
    near = [
        sorted(step for step in steps[max(0, i - _AROUND) : i + _AROUND] if step > 0)
        for i in range(len(printed))
    ]
    return [around[len(around) // 2] if around else 0.0 for around in near]


def _continues(last: Printed, item: Printed, pitch: float) -> bool:
    """Whether a line goes on with what the line before it began."""
    text = item.line.text
    if item.kind != last.kind or item.kind == "row" or item.level != last.level:
        return False
    if _QUESTION.match(text) or _ANSWER.match(text) or _BULLET.match(text):
        return False
    if not item.line.size:  # no places: paragraphs are parted by blank lines
        return item.kind == "text"
    if item.page != last.page:
        ended = last.line.text.endswith(_SENTENCE_END)
        return item.kind == "text" and not ended and (text[0].islower() or _is_full(last))
    step = item.line.top - last.line.top
    same_size = abs(item.line.size - last.line.size) <= _SAME_SIZE * last.line.size
    if item.kind == "heading":
        return same_size and 0 < step <= _WIDEST_STEP * item.line.size
    if step < 0:  # the next column
        return not last.line.text.endswith(_SENTENCE_END)
    if last.line.text.endswith(_SENTENCE_END) and _begins(last.line, item.line):
        return False
    usual = min(pitch, _WIDEST_STEP * item.line.size)
    return same_size and step <= 1.25 * max(usual, item.line.size)


def _begins(last: Line, line: Line) -> bool:
    """Whether a line after a full stop is set as the start of a paragraph, without a gap."""
    is_indented = line.left - last.left > line.size
    is_short = last.right < line.right - _SHORT_LINE * (line.right - line.left)
    return is_indented or (is_short and line.text[0].isupper())


def _is_full(item: Printed) -> bool:
    """Whether the line is too long to be the end of a paragraph."""
    return len(item.line.text) > 60  # noqa: PLR2004 - characters


def _questions(found: Iterable[Block]) -> Iterator[Block]:
    """A paragraph `Q: ...` and the paragraph `A: ...` after it are one question."""
    asked: Block | None = None
    for block in found:
        if asked and block.kind in {"text", "heading"} and (mark := _ANSWER.match(block.text)):
            pages = (asked.pages[0], block.pages[1])
            yield Block("qa", block.text[mark.end() :], pages, question=asked.question)
            asked = None
            continue
        if asked:
            yield replace(asked, question=None)
            asked = None
        if block.kind == "text" and (mark := _QUESTION.match(block.text)):
            asked = replace(block, question=block.text[mark.end() :])
        else:
            yield block
    if asked:
        yield replace(asked, question=None)


def _with_headings(found: Iterable[Block]) -> Iterator[Block]:
    """Every block with the path of headings that it stands under."""
    path: list[Block] = []
    for block in found:
        if block.kind == "heading":
            path = [above for above in path if above.level < block.level]
            yield replace(block, heading=tuple(above.text for above in path))
            path.append(block)
        else:
            yield replace(block, heading=tuple(above.text for above in path))
