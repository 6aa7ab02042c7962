"""What a strategy is given."""

from pydantic import BaseModel, ConfigDict, Field

from lamina.fingerprint import canonical, text_digest
from lamina.text.pages import Page


class Passage(BaseModel):
    """One page of a document that a layer is trained on, with whom it speaks of."""

    model_config = ConfigDict(frozen=True)

    document: str = Field(description="sha256 of the document")
    file: str = Field("", description="its name, for people")
    page: Page
    company: str = Field("", description="as the dataset found it; empty = unknown")
    title: str = ""
    period: str = Field("", description="such as fiscal 2022")

    def key(self) -> str:
        """A digest of its content; the file's name is none of it."""
        return text_digest(canonical(self.model_dump(mode="json", exclude={"file"})))
