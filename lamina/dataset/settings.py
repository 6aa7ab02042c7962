"""What a run chooses about its dataset."""

from pydantic import BaseModel, ConfigDict, Field


class DatasetSettings(BaseModel):
    """Every field changes the rows, so every field is part of the dataset's identity."""

    model_config = ConfigDict(frozen=True)

    chunk_tokens: int = Field(
        512, ge=32, description="most tokens of a row; longer = more context, fewer rows"
    )
    overlap_tokens: int = Field(
        0, ge=0, description="tokens of whole sentences that a row repeats of the one before"
    )
    heldout_share: float = Field(
        0.1, ge=0, lt=0.5, description="share of each document held out as one section"
    )
    heldout_documents: float = Field(
        0.08, ge=0, lt=0.5, description="chance of a document to be held out whole"
    )
