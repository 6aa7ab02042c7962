"""Where PDFium puts the characters of a page: their boxes as the page is shown."""

import math
from typing import Any

_LOWER = 0.6  # heights of the font by which the end of a piece stands below its first letter


class Boxes:
    """Boxes of a page's characters, by their place in its text."""

    def __init__(self, page: Any, textpage: Any, text: str) -> None:  # noqa: ANN401 - no types
        import pypdfium2.raw as pdfium

        self._textpage = textpage
        self._bounds = page.get_bbox()
        self._rotation = page.get_rotation()
        self._before, self._box = pdfium.FS_RECTF(), pdfium.FS_RECTF()
        self._loose = pdfium.FPDFText_GetLooseCharBox
        self._index = pdfium.FPDFText_GetCharIndexFromTextIndex
        self._aligned = textpage.count_chars() == len(text)

    def _look(self, position: int, box: Any) -> None:  # noqa: ANN401 - the library has no types
        index = position if self._aligned else self._index(self._textpage, position)
        self._loose(self._textpage, index, box)

    def gap(self, before: int, after: int) -> float:
        """From one character to the next one, in heights of the font; below 0 to the left.

        To a character that stands wholly below it is a turn, wherever that one is.
        """
        self._look(before, self._before)
        self._look(after, self._box)
        match self._rotation:
            case 90:
                size, gap = self._before.right - self._before.left, self._box.bottom
                gap -= self._before.top
            case 180:
                size, gap = self._before.top - self._before.bottom, self._before.left
                gap -= self._box.right
            case 270:
                size, gap = self._before.right - self._before.left, self._before.bottom
                gap -= self._box.top
            case _:
                size, gap = self._before.top - self._before.bottom, self._box.left
                gap -= self._before.right
                if self._box.top < self._before.bottom:
                    return -math.inf
        return float(gap / size) if size > 0 else 0.0

    def falls(self, first: int, length: int) -> bool:
        """Whether a piece ends on a lower line than it begins on."""
        _, _, top, size = self.place(first)
        return self.place(first + length - 1)[2] - top > _LOWER * size > 0

    def sides(self, first: int, end: int) -> tuple[float, float]:
        """Left of a piece's first character and right of its last, as the page is shown."""
        return self.place(first)[0], self.place(end - 1)[1]

    def place(self, position: int) -> tuple[float, float, float, float]:
        """(left, right, top, size) as the page is shown; zeros where PDFium knows none."""
        self._look(position, self._box)
        box = self._box
        left, bottom, right, top = self._bounds
        match self._rotation:
            case 90:
                place = (box.bottom - bottom, box.top - bottom, box.left - left)
            case 180:
                place = (right - box.right, right - box.left, box.bottom - bottom)
            case 270:
                place = (top - box.top, top - box.bottom, right - box.right)
            case _:
                place = (box.left - left, box.right - left, top - box.top)
        upright = self._rotation in {0, 180}
        size = box.top - box.bottom if upright else box.right - box.left
        return round(place[0], 1), round(place[1], 1), round(place[2], 1), round(size, 1)
