"""What a run chooses about its dataset."""

from pydantic import BaseModel, ConfigDict, Field


class DatasetSettings(BaseModel):
    """Every field changes the rows, so every field is part of the dataset's identity."""

    model_config = ConfigDict(frozen=True)

    chunk_tokens: int = Field(
        512, ge=32, description="most tokens of a row; longer = more context, fewer rows"
    )
    heldout_share: float = Field(
        0.1,
        ge=0,
        lt=0.25,
        description="share of the text for validation, and again for the test; 0 = neither",
    )
    test_documents: int = Field(
        3, ge=2, description="a layer of so many documents has whole ones in the test"
    )
    validation_documents: int = Field(
        5,
        ge=3,
        description="from so many on, whole ones are for validation; before, sections are",
    )
