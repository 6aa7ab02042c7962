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
        lt=0.5,
        description="share of the text that is held out for measuring; 0 = nothing is",
    )
    heldout_documents: int = Field(
        3,
        ge=2,
        description="from so many documents on, whole ones are held out instead of sections",
    )
