"""Which columns a head is said of, by where both stand.

A head belongs to a column if it stands over it and over no other; one that stands in the middle
over several is said of all of these. Where two readings are possible, there is none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lamina.study.facts.periods import DATE, has_year, is_head
from lamina.study.facts.tables.cells import Cell
from lamina.study.facts.tables.columns import Column
from lamina.study.facts.tables.places import (
    alone,
    equal_groups,
    groups_in_order,
    is_beside,
    is_over,
    one_each,
)
from lamina.study.facts.tables.scales import without_scales

_SCALE = re.compile(r"\b(?:thousand|million|billion)s\b", re.IGNORECASE)
_IS_MONEY = re.compile(r"dollar|[$\u20ac\u00a3]", re.IGNORECASE)
_GOES_ON = re.compile(
    r"\A[a-z]|(?:\b(?:of|and|or|the|in|for|to|from|with|without|by|on|at|a|an|as|per)|[,-])\Z"
)
_MANY = re.compile(
    rf"{DATE.pattern}|\blevel\s+[123]\b|\b(?:19|20)\d\d\b|\b(?:january|february|march|april|may|june|july|"
    r"august|september|october|november|december)\s+\d{1,2},(?!\s*(?:19|20)\d\d)",
    re.IGNORECASE,
)


def split_heads(cells: Sequence[Cell]) -> list[Cell]:
    """The cells of a head line; `2022 2021` in one cell are two."""
    result: list[Cell] = []
    for cell in cells:
        found = list(_MANY.finditer(cell.text))
        rest = _MANY.sub("", cell.text).strip(" ,")
        if len(found) < 2 or rest:  # noqa: PLR2004 - two heads in one cell
            result.append(cell)
            continue
        step = (cell.right - cell.left) / max(len(cell.text), 1)
        result += [
            Cell(one.group(), cell.left + step * one.start(), cell.left + step * one.end())
            for one in found
        ]
    return result


@dataclass(frozen=True)
class _Layout:
    """What the lines of a head have in common."""

    columns: Sequence[Column]
    middles: tuple[Sequence[float], ...]  # of the lowest heads, of the figures: either may count
    dated: bool  # each column has a year of its own
    years: tuple[int, ...]  # columns that have one
    dates: int  # cells that name a year
    repeats: bool  # the lowest heads are alike: those above must tell them apart
    round: int  # columns after which the lowest heads come again in the same order, 0 = never
    thirds: bool  # an odd number of heads shares the columns

    @classmethod
    def of(cls, lines: Sequence[Sequence[Cell]], columns: Sequence[Column]) -> "_Layout":
        """The layout of these lines over these columns."""
        count = len(columns)
        whole = [cells for cells in lines if len(cells) == count]
        lowest = next((cells for cells in whole[::-1] if one_each(cells, columns)), ())
        figures = [column.centre for column in columns]
        return cls(
            columns,
            ([cell.centre for cell in lowest] or figures, figures),
            any(all(has_year(cell.text) for cell in cells) for cells in whole),
            tuple(sorted(_years(lines, columns))),
            sum(has_year(cell.text) for cells in lines for cell in cells),
            len({cell.text for cell in lowest}) < len(lowest),
            _round([cell.text for cell in lowest]),
            any(_shares_oddly(len(cells), count) for cells in lines),
        )


def _years(lines: Sequence[Sequence[Cell]], columns: Sequence[Column]) -> set[int]:
    """Columns over which a year stands that is of no other."""
    return {
        place
        for cells in lines
        for cell, place in zip(cells, one_each(cells, columns) or (), strict=False)
        if has_year(cell.text)
    }


def _round(texts: Sequence[str]) -> int:
    """After how many the texts come again, all in the same order."""
    sizes = (size for size in range(2, len(texts)) if len(texts) % size == 0)
    return next((n for n in sizes if [*texts[:n]] * (len(texts) // n) == [*texts]), 0)


def _shares_oddly(heads: int, columns: int) -> bool:
    """Whether the middle one of the heads stands over the middle of all columns."""
    return 1 < heads < columns and heads % 2 == 1 and columns % heads == 0


_Piece = tuple[str, tuple[int, ...]]  # of a head, with the columns that it is of


def heads_of(lines: Sequence[Sequence[Cell]], columns: Sequence[Column]) -> list[list[str]] | None:
    """For each column the pieces of its head from the top; none where a piece may be of another."""
    layout = _Layout.of(lines, columns)
    heads: list[list[_Piece]] = [[] for _ in columns]
    placed = [_placed(cells, layout) for cells in lines]
    for line, found in enumerate(placed):
        for cell, places in found:
            of = places or _over_all(cell, layout, placed[line + 1 :])
            if not of:
                return None
            for place in of:
                heads[place].append((cell.text, of))
    if not all(_is_told_apart(head, heads) for head in heads):
        return None
    pieces = [_pieces(head) for head in heads]
    # `Gains Losses Gains Losses`: what stands above has not told them apart.
    return pieces if len(set(map(tuple, pieces))) == len(pieces) or not any(pieces) else None


def _over_all(
    cell: Cell, layout: _Layout, below: Sequence[Sequence[tuple[Cell, tuple[int, ...]]]]
) -> tuple[int, ...]:
    """All columns, where a cell is in their middle and what stands below it is of all."""
    everywhere = tuple(range(len(layout.columns)))
    is_apart = any(len(line) == 1 and line[0][1] == everywhere for line in below)
    return everywhere if is_apart and is_over(cell, layout.middles[0], everywhere) else ()


def _is_told_apart(head: Sequence[_Piece], heads: Sequence[Sequence[_Piece]]) -> bool:
    """Whether a column has a piece of its own above a lowest one that others have, too.

    Else `Mills` over the middle of `Pretax Tax Net` is of three, though it stands over one.
    """
    if not head or is_head(head[-1][0]):
        return True
    if sum(one[-1][0] == head[-1][0] for one in heads if one) == 1:
        return True
    return any(len(places) < len(heads) for _, places in head[:-1])


def _pieces(head: Sequence[_Piece]) -> list[str]:
    """The pieces of a head; what several columns share ends with a colon: `Level: 1`."""
    result = []
    for place, (text, places) in enumerate(head):
        after = head[place + 1][1] if place + 1 < len(head) else places
        result.append(f"{text}:" if after != places and not is_of_all(text) else text)
    return result


def _placed(cells: Sequence[Cell], layout: _Layout) -> list[tuple[Cell, tuple[int, ...]]]:
    """Each cell of a head line with the columns that it is of; none where that is not certain."""
    columns = layout.columns
    own = one_each(cells, columns)
    if len(cells) == len(columns):
        places = [(place,) for place in own] if own else [()] * len(cells)
        return list(zip(cells, places, strict=True))
    groups = next(filter(None, (equal_groups(cells, one) for one in layout.middles)), None)
    is_round = layout.round * len({cell.text for cell in cells}) == len(columns)
    if is_round or (
        not layout.dated and all(is_head(one.text) and has_year(one.text) for one in cells)
    ):
        groups = groups or groups_in_order(cells, columns, inside=is_round)
        if groups and len(cells) > 1:
            return list(zip(cells, groups, strict=True))
    if len(cells) == 1:
        return [(cells[0], _lone(cells[0], layout, groups, own))]
    if groups and own:  # over the middle one of three columns, or over all three
        is_off = layout.repeats or all(
            is_beside(cell, layout.middles[0], place)
            for cell, place in zip(cells, own, strict=True)
        )
        return list(zip(cells, groups if is_off else [()] * len(cells), strict=True))
    if groups:
        return list(zip(cells, groups, strict=True))
    if own:
        return [(cell, (place,)) for cell, place in zip(cells, own, strict=True)]
    return [(cell, alone(cell, columns, layout.middles[0])) for cell in cells]


def _lone(
    cell: Cell,
    layout: _Layout,
    groups: tuple[tuple[int, ...], ...] | None,
    own: tuple[int, ...] | None,
) -> tuple[int, ...]:
    """The columns of the only cell of its line."""
    columns = layout.columns
    if is_of_all(cell.text):
        return _of_all(cell, layout, groups)
    if own and _GOES_ON.search(cell.text):  # with what stands below it, in the same column
        return own
    if groups and own and not is_beside(cell, layout.middles[0], own[0]):
        return ()  # over the middle column, or over all
    if groups:
        return () if layout.thirds else groups[0]  # over the middle group, or over all
    return own or alone(cell, columns, layout.middles[0])


def _of_all(
    cell: Cell, layout: _Layout, groups: tuple[tuple[int, ...], ...] | None
) -> tuple[int, ...]:
    """The columns that a lone period or scale is said of."""
    everywhere = tuple(range(len(layout.columns)))
    if is_head(cell.text) and not has_year(cell.text) and layout.years:  # `June 30,`
        return layout.years
    if groups or len(everywhere) == 1 or _IS_MONEY.search(cell.text):
        return everywhere
    if layout.years and is_over(cell, layout.middles[1], layout.years):
        return layout.years
    left, right = layout.columns[0].left, layout.columns[-1].right
    if has_year(cell.text) and layout.dates == 1 and left < cell.centre < right:
        return everywhere  # the only date that there is
    return alone(cell, layout.columns, layout.middles[1])


def is_of_all(text: str) -> bool:
    """Whether a lone head says a period or a scale, which it says of all columns."""
    return is_head(text) or (_SCALE.search(text) is not None and not without_scales(text))
