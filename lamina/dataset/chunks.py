"""Blocks to pieces of training text of a bounded number of tokens.

A piece ends between blocks where that leaves it at least half full, else between sentences, never
inside a sentence or a table's row; a heading is never the last thing in it, nor a caption. A table
that goes on in the next piece has the names of its columns there too. Only a sentence that is
longer than a whole piece is cut, between its parts or words.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from lamina.text.blocks import Block
from lamina.text.blocks.cells import is_caption, is_header, names_years
from lamina.text.sentences import sentences

CountTokens = Callable[[Sequence[str]], list[int]]  # texts to their numbers of tokens

_MOST_HEADER_ROWS = 4
_SEPARATOR_TOKENS = 2  # a line break or two between units
_CAPTION_WORDS = 20  # of a paragraph that is no sentence: a title, or a table's columns
_ENDED = re.compile(r"[.!?;][\"'\u201d\u2019)]*\Z|;\s(?:and|or)\Z")
_ITEM = re.compile(r"[\u2022\u2023\u25aa\u25cf\u25e6\u00b7*\u2013-]\s|\(?\w{1,3}[.)]\s")
_PARTS = ("; ", ": ", ", ", " ")  # at whose ends a sentence that is too long is cut, the best first


@dataclass(frozen=True)
class Unit:
    """What is never cut: a sentence, a row, a heading."""

    block: Block
    text: str
    tokens: int
    starts_block: bool


@dataclass(frozen=True)
class Chunk:
    """A piece of running text."""

    text: str
    pages: tuple[int, int]
    heading: tuple[str, ...]


def chunks(blocks: Sequence[Block], count: CountTokens, limit: int) -> Iterator[Chunk]:
    """The blocks' text in order, each chunk at most `limit` tokens; questions are left out."""
    packed = _Packed([], 0)
    for group in _groups(_units(blocks, count, limit)):
        whole = sum(unit.tokens for unit in group)
        if packed.is_new and packed.tokens + whole > limit and packed.tokens >= limit // 2:
            yield packed.chunk()
            packed = packed.rest()
        header = _header(group)
        for unit in group:
            while packed.units and packed.tokens + unit.tokens > limit:
                if packed.is_new:
                    yield packed.chunk()
                packed = packed.rest(header) if packed.is_new else _Packed([], 0)
            packed.units.append(unit)
    if packed.is_new:
        yield _chunk(packed.units)


@dataclass
class _Packed:
    """The chunk that is being filled; it begins with `repeated` units of the one before."""

    units: list[Unit]
    repeated: int

    @property
    def tokens(self) -> int:
        return sum(unit.tokens for unit in self.units)

    @property
    def is_new(self) -> bool:
        return len(self.units) > self.repeated

    def chunk(self) -> Chunk:
        return _chunk(self.units[: self._kept()])

    def rest(self, header: Sequence[Unit] = ()) -> "_Packed":
        """What the next chunk starts with: headings that came too late.

        In a table that goes on there, the names of its columns are repeated.
        """
        if header and any(unit is header[0] for unit in self.units):
            return _Packed([*header], len(header))
        return _Packed(self.units[self._kept() :], 0)

    def _kept(self) -> int:
        kept = len(self.units)
        while kept > self.repeated + 1 and _leads_on(self.units[kept - 1]):
            kept -= 1
        return kept


def _units(blocks: Sequence[Block], count: CountTokens, limit: int) -> list[Unit]:
    parts: list[tuple[Block, str, bool]] = []
    for block in blocks:
        if block.kind == "qa":
            continue
        texts = sentences(block.text) if block.kind == "text" else [block.text]
        parts += [(block, text, index == 0) for index, text in enumerate(texts)]
    sizes = count([text for _, text, _ in parts])
    units: list[Unit] = []
    for (block, text, starts), tokens in zip(parts, sizes, strict=True):
        if tokens + _SEPARATOR_TOKENS <= limit:
            units.append(Unit(block, text, tokens + _SEPARATOR_TOKENS, starts))
        else:
            units += _cut(Unit(block, text, tokens, starts), count, limit)
    return units


def _cut(unit: Unit, count: CountTokens, limit: int) -> list[Unit]:
    """A sentence or row longer than a chunk, cut between words (inside one, if it is endless)."""
    room = limit - _SEPARATOR_TOKENS
    halves = _halves(unit.text)
    result: list[Unit] = []
    for index, (half, tokens) in enumerate(zip(halves, count(halves), strict=True)):
        piece = Unit(unit.block, half, tokens + _SEPARATOR_TOKENS, unit.starts_block and not index)
        result += [piece] if tokens <= room or len(half) < 2 else _cut(piece, count, limit)  # noqa: PLR2004
    return result


def _halves(text: str) -> list[str]:
    """The text in two, at that end of a part in its inner half that is nearest to the middle."""
    quarter, middle = len(text) // 4, len(text) // 2
    for part in _PARTS:
        before = text.rfind(part, quarter, middle)
        after = text.find(part, middle, len(text) - quarter)
        ends = [at for at in (before, after) if at >= 0]
        if ends:
            end = min(ends, key=lambda at: abs(at - middle))
            return [text[: end + len(part)].rstrip(), text[end + len(part) :]]
    return [text[:middle], text[middle:]]


def _leads_on(unit: Unit) -> bool:
    """Whether a unit says what follows: a heading, "as follows:", a table's caption or columns."""
    if unit.block.kind == "row":
        return is_caption(unit.text) or names_years(unit.text)
    return unit.block.kind == "heading" or unit.text.endswith(":") or _is_title(unit)


def _is_title(unit: Unit) -> bool:
    """Whether a paragraph is a title that is set like the text, or columns set as a line."""
    is_whole = unit.text == unit.block.text
    is_short = len(unit.text.split()) <= _CAPTION_WORDS
    return is_whole and is_short and not _ENDED.search(unit.text) and not _ITEM.match(unit.text)


def _header(group: Sequence[Unit]) -> list[Unit]:
    """The first rows of a table, if they name its columns."""
    rows = [unit for unit in group if unit.block.kind == "row"]
    named = list(takewhile(_leads_on, rows[:-1]))[-_MOST_HEADER_ROWS:]
    if any(is_header(unit.text) for unit in named):
        return named
    return rows[:1] if len(rows) > 1 and is_header(rows[0].text) else []


def _groups(units: Sequence[Unit]) -> Iterator[list[Unit]]:
    """Units that had better stay together: a paragraph or a table, and what leads on to it."""
    group: list[Unit] = []
    for unit in units:
        is_table = bool(group) and group[-1].block.kind == unit.block.kind == "row"
        goes_on = is_table or not unit.starts_block
        if group and not goes_on and not _leads_on(group[-1]):
            yield group
            group = []
        group.append(unit)
    if group:
        yield group


def _chunk(units: Sequence[Unit]) -> Chunk:
    text = units[0].text
    for before, unit in pairwise(units):
        text += _separator(before, unit) + unit.text
    body = next((unit.block for unit in units if unit.block.kind != "heading"), units[0].block)
    first, last = units[0].block.pages[0], units[-1].block.pages[1]
    return Chunk(text, (first, max(first, last)), body.heading)


def _separator(before: Unit, unit: Unit) -> str:
    if not unit.starts_block:
        return " "
    return "\n" if before.block.kind == unit.block.kind == "row" else "\n\n"
