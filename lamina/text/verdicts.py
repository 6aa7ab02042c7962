"""What became of each document: `corpus` decides it, `dataset` and the flows go by it."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.artifacts import ArtifactRef
from lamina.store import Store
from lamina.text.naming import Naming
from lamina.text.pages import DocumentFormat

VERDICTS_FILE = "verdicts.json"


class Judgement(BaseModel):
    """What a document's text is worth, wherever it lies and whatever it is called."""

    model_config = ConfigDict(frozen=True)

    recommended: bool = Field(description="whether a layer's dataset takes it")
    score: int = Field(ge=0, le=100, description="how fit the text is for training")
    parts: dict[str, int] = Field(description="what the score is made of")
    reasons: tuple[str, ...] = Field((), description="codes: one rejection, or any warnings")
    sentence: str = Field(description="the outcome for a person, with the remedy if there is one")
    pages: int = 0
    page_kinds: dict[str, int] = Field(default_factory=dict)
    readers: dict[str, int] = Field(default_factory=dict, description="pages read by each reader")
    characters: int = 0
    alpha_ratio: float = Field(0.0, description="letters among the characters that are no space")
    function_word_share: float = Field(0.0, description="common words of the language among words")
    bad_character_share: float = Field(0.0, description="control, private-use, U+FFFD characters")
    confidence: float | None = Field(None, description="0 to 100, where text was recognised")
    created: str = Field("", description="YYYYMMDDhhmmss as the document says, or nothing")


class Verdict(Judgement):
    """The outcome for one document of one layer.

    It knows no file name: names are no content, but for what they say of company and period.
    """

    layer: str
    digest: str = Field(description="sha256 of the file")
    format: DocumentFormat
    pages_ref: ArtifactRef | None = Field(description="what was read; none for unreadable files")
    naming: Naming = Field(default_factory=Naming)

    def content_identity(self) -> list[Any]:
        """What a layer's dataset depends on: the document, what was read of it, what it is of."""
        return [self.layer, self.digest, self.pages_ref, self.naming]


class Verdicts(BaseModel):
    """All documents of the corpus, ordered by layer and digest."""

    model_config = ConfigDict(frozen=True)

    verdicts: tuple[Verdict, ...]

    def layers(self) -> tuple[str, ...]:
        """Layers with at least one document that is recommended, in order of name."""
        return tuple(sorted({entry.layer for entry in self.verdicts if entry.recommended}))

    def of(self, layer: str) -> tuple[Verdict, ...]:
        """Every verdict of a layer."""
        return tuple(entry for entry in self.verdicts if entry.layer == layer)

    def accepted(self, layer: str) -> tuple[Verdict, ...]:
        """The documents that the layer's dataset takes."""
        return tuple(entry for entry in self.of(layer) if entry.recommended)


def read_verdicts(store: Store, ref: ArtifactRef) -> Verdicts:
    """The verdicts of an artifact of kind `verdicts`."""
    return _parsed(store.open(ref) / VERDICTS_FILE)


@lru_cache(maxsize=1)  # every layer of a run asks for the same ones, whose path names their content
def _parsed(path: Path) -> Verdicts:
    return Verdicts.model_validate_json(path.read_bytes())
