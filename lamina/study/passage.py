"""What a strategy is given: a page, and whom it speaks of."""

from pydantic import BaseModel, ConfigDict

from lamina.text.pages import Page


class Passage(BaseModel):
    """One page of a document that a layer is trained on, with whom it speaks of."""

    model_config = ConfigDict(frozen=True)

    document: str  # sha256 of the document
    file: str = ""  # its name, for people
    page: Page
    company: str = ""  # empty where it is unknown
    title: str = ""
    period: str = ""  # such as "fiscal 2022"
