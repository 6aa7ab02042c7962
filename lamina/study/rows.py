"""What a strategy gives of a passage: rows, and what it left out with the reason."""

from typing import NamedTuple

from lamina.text.study_rows import Kind, StudyRow

__all__ = ["Dropped", "Kind", "StudyRow"]


class Dropped(NamedTuple):
    """Something that no row was made of."""

    reason: str  # a short code
    page: int
    text: str
