"""What a document is called beside its text: by its file's name, or by the table `documents.csv`.

`corpus` finds it, `dataset` holds it against the text. It is what a name *says*, never the name
itself: a file that is called otherwise, but says the same, is the same document.
"""

from pydantic import BaseModel, ConfigDict, Field


class Naming(BaseModel):
    """Whom a document is of, as far as its name or the table tells; empty where they do not."""

    model_config = ConfigDict(frozen=True)

    company: str = Field("", description="company or publisher; of a file's name: a candidate")
    period: str = Field("", description="such as 2023; with a quarter: 2023 Q2")
    title: str = Field("", description="of the table only")
    form: str = Field("", description="such as 10-K, where the file's name says so")
    stated: bool = Field(default=False, description="whether the table says it: then it is certain")

    def __bool__(self) -> bool:
        """Whether anything is told."""
        return self != Naming()
