"""What reading a document gives: its pages, line by line, or the reason why there are none.

`corpus` writes it, `dataset` and `study` read it; none knows another.
"""

from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from lamina.artifacts import ArtifactRef
from lamina.store import Store
from lamina.text.questions import Question

PAGES_FILE = "pages.json"
CELL_BORDER = "  "  # between the cells of a table's row; running text has single spaces

PageKind = Literal["text", "table", "blank", "scanned", "garbled"]
DocumentFormat = Literal["pdf", "text", "questions", "unreadable"]


class Line(NamedTuple):
    """A printed line, or the piece of one that stands in one column. Points from the top left."""

    text: str
    left: float
    right: float
    top: float
    size: float  # height of its first character's font
    cells: tuple[tuple[float, float], ...] = ()  # (left, right) of each cell as read, if several


class Page(BaseModel):
    """One page in reading order."""

    model_config = ConfigDict(frozen=True)

    number: int = Field(description="counted from 1")
    kind: PageKind
    width: float = Field(0.0, description="points; 0 where the format has no pages of its own")
    height: float = Field(0.0, description="points; 0 where the format has no pages of its own")
    lines: tuple[Line, ...] = ()
    bad: int = Field(0, description="characters without meaning, counted before their removal")
    confidence: float | None = Field(None, description="0 to 100, of text recognition only")
    reader: str = Field("pdfium", description="which reader gave the lines")
    why: str = Field("", description="why another reader than the first one was taken")

    @property
    def text(self) -> str:
        """The lines as they are printed."""
        return "\n".join(line.text for line in self.lines)


class Pages(BaseModel):
    """All that reading one file gave."""

    model_config = ConfigDict(frozen=True)

    format: DocumentFormat
    pages: tuple[Page, ...] = ()
    questions: tuple[Question, ...] = Field((), description="of a file of questions only")
    created: str = Field("", description="YYYYMMDDhhmmss as the document says, or nothing")
    problem: str | None = Field(None, description="reason code where the file cannot be read")
    detail: str = Field("", description="what was wrong, for a person")
    notes: tuple[str, ...] = Field((), description="codes of what is odd but no reason to refuse")

    @property
    def text(self) -> str:
        """The whole text, page after page."""
        return "\n".join(page.text for page in self.pages)


def read_stored_pages(store: Store, ref: ArtifactRef) -> Pages:
    """The pages of an artifact of kind `pages`."""
    return Pages.model_validate_json((store.open(ref) / PAGES_FILE).read_bytes())


def write_pages(folder: Path, pages: Pages) -> None:
    """Write the pages into an artifact's folder."""
    (folder / PAGES_FILE).write_text(pages.model_dump_json(), encoding="utf-8")
