"""Asking whether a layer says as GGUF what it says in PyTorch."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class CheckParity(BaseModel):
    """Whether layers say as GGUF what they say in PyTorch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens: int = Field(
        2000,
        ge=50,
        le=100_000,
        title="Tokens",
        description="held-out tokens to compare on; a 7B base on two cores takes minutes for 2,000",
    )
    merged: Literal["auto", "yes", "no"] = Field(
        "auto",
        title="Merged rung",
        description="also compare the merged model, made for it and deleted: auto = for bases "
        "of at most 2 GB, since merging and quantizing 7B takes ten minutes a layer",
    )
    f16_kl: float = Field(1e-3, gt=0, title="KL limit", description="mean KL at F16, nats a token")
    f16_agreement: float = Field(
        0.99, gt=0, le=1, title="Agreement limit", description="share of equal first choices at F16"
    )
    quantized_loss: float | None = Field(
        None,
        gt=0,
        title="Loss limit",
        description="relative change of the held-out loss as served, in either direction; none = "
        "0.03, and 0.1 for bases of at most 2 GB, whose narrow matrices lose more to rounding",
    )
