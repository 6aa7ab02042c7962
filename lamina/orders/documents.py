"""Asking for documents: how they are read, cut and put away, and when they are whole."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ChunkTokens = Annotated[
    int,
    Field(ge=32, le=32768, title="Chunk size", description="longest chunk, in tokens of the base"),
]
Archive = Annotated[
    bool, Field(title="Archive", description="move the used PDFs into the archive at the end")
]


class Reading(BaseModel):
    """How documents are read and judged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Literal["any", "cs", "de", "en", "es", "fr", "it", "nl", "pt"] = Field(
        "en",
        title="Language",
        description="language of the documents; others are refused; `any` takes every one",
    )
    ocr: bool = Field(
        default=False,
        title="OCR",
        description="read pages that are pictures with Tesseract, which must be installed; slow",
    )
    ocr_language: str = Field(
        "eng",
        pattern=r"^\w+(\+\w+)*$",
        title="OCR language",
        description="Tesseract's name of the language on the pictures, such as deu or eng+fra",
    )


class WatchPdfs(BaseModel):
    """New PDFs are announced once they are whole."""

    model_config = ConfigDict(extra="forbid")

    settle_s: float = Field(
        30.0,
        ge=0,
        le=3600,
        title="Settle window",
        description="a file that did not change for so many seconds is whole",
    )
    patience_s: float = Field(
        600.0,
        ge=0,
        title="Patience",
        description="seconds that whole files wait for others that still grow",
    )

    @property
    def title(self) -> str:
        """What it asks for, as the name of a run."""
        return "look for PDFs"
