"""Columns of a table: the places where its rows have figures."""

from collections.abc import Sequence
from typing import NamedTuple

from lamina.study.facts.tables.cells import Row


class Column(NamedTuple):
    """Where a column's figures stand, in points from the left."""

    left: float
    right: float

    @property
    def centre(self) -> float:
        """Its middle."""
        return (self.left + self.right) / 2


def columns_of(rows: Sequence[Row]) -> list[Column]:
    """The places where the rows have figures or dashes, from the left."""
    places = sorted(
        (slot.left, slot.right) for row in rows for slot in row.slots if slot.kind != "text"
    )
    found: list[Column] = []
    for left, right in places:
        if found and left <= found[-1].right:
            found[-1] = Column(found[-1].left, max(found[-1].right, right))
        else:
            found.append(Column(left, right))
    return found


def column_at(columns: Sequence[Column], left: float, right: float) -> int | None:
    """The one column that a cell overlaps; none where it overlaps several or none."""
    over = [
        index
        for index, column in enumerate(columns)
        if left <= column.right and column.left <= right
    ]
    return over[0] if len(over) == 1 else None
