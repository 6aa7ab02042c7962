"""What a training run is asked to do: presets, and single values replaced.

Pure: no torch, no files. It does not cover which GPU there is; `auto` is resolved at the base.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lamina.bounds import refusal
from lamina.errors import InvalidInputError

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
ALL_LINEAR = (*ATTENTION, "gate_proj", "up_proj", "down_proj")

Quantize = Literal["auto", "nf4", "none"]
Dtype = Literal["auto", "float32", "bfloat16"]


class Profile(BaseModel):
    """One way of training a layer. Two equal profiles on equal data give equal layers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field(description="what the layer's passport calls its preset")
    rank: int = Field(ge=1, le=1024, description="columns of a layer's matrices; more hold more")
    alpha: float = Field(gt=0, description="the layer's strength is alpha / rank")
    targets: tuple[str, ...] = Field(min_length=1, description="linear modules that get a layer")
    learning_rate: float = Field(gt=0, lt=1, description="peak, after the warm-up")
    rate_width: int | None = Field(
        None, ge=1, description="hidden width that the rate is meant for; wider bases get less"
    )
    epochs: float = Field(3.0, gt=0, description="passes over the layer's own rows")
    steps: int | None = Field(None, ge=1, description="optimizer steps; wins over epochs")
    least_steps: int = Field(
        0, ge=0, description="steps at least: a small layer sees its rows more often than epochs"
    )
    sequence_tokens: int = Field(2048, ge=16, description="longest pack; more = more memory")
    batch_tokens: int = Field(4096, ge=16, description="tokens that one optimizer step sees")
    smallest_batch: int | None = Field(
        None, ge=16, description="tokens that a small layer's steps may shrink to; none = never"
    )
    warmup_share: float = Field(0.03, ge=0, lt=1, description="share of the steps")
    dropout: float = Field(
        0.05, ge=0, lt=1, description="share of a layer's inputs left out of a step"
    )
    weight_decay: float = Field(0.0, ge=0, description="pull of the weights towards 0 (AdamW's)")
    qa_repeat: int = Field(1, ge=1, description="how often a qa row is seen in one epoch")
    general_share: float = Field(
        0.0, ge=0, le=0.5, description="share of the tokens that are general rows, 0 = none"
    )
    study_passes: float = Field(
        0.0, ge=0, description="passes over the study rows in the whole run, 0 = none are made"
    )
    study_wordings: int = Field(
        1, ge=1, description="wordings of a fact in one pass; each pass has others"
    )
    study_variety: int = Field(
        99,
        ge=1,
        description="wordings of a fact that are ever shown; of few, each is met more often",
    )
    teacher_share: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of a study row's loss that goes by what the base says with the page in "
        "its prompt, instead of by the right answer",
    )
    replay_share: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="share of the tokens that are the base's own answers to general questions",
    )
    evaluations: int = Field(6, ge=1, description="held-out measurements, the last at the end")
    evaluate_steps: int | None = Field(
        None, ge=1, description="steps from one measurement to the next; wins over evaluations"
    )
    patience: int = Field(
        2, ge=0, description="measurements without a better one that end the run; 0 = never"
    )
    choose_by: Literal["rows", "answers"] = Field(
        "rows",
        description="what the best is best at: all held-out rows; or choices among answers in "
        "wordings held out of study rows, else answers, where enough are held out, else text",
    )
    keep: Literal["best", "last"] = Field(
        "best", description="which weights become the layer: of the best measurement, or the last"
    )
    quantize: Quantize = Field(
        "auto", description="base in NF4; auto = on a GPU that bfloat16 does not fit"
    )
    dtype: Dtype = Field(
        "auto",
        description="of the base; auto = bfloat16 on CUDA and where a processor is faster in it, "
        "else float32",
    )

    def with_rate(self, factor: float) -> "Profile":
        """The same profile with `factor` times its learning rate, if that can be one."""
        return overridden(self, {"learning_rate": self.learning_rate * factor})


def _level(name: str, rank: int, targets: tuple[str, ...], rate: float) -> Profile:
    return Profile(name=name, rank=rank, alpha=2 * rank, targets=targets, learning_rate=rate)


LAYER = (
    "layer"  # what topic layers are trained by: their text, what it says, the base's own answers
)
PRESETS: dict[str, Profile] = {
    "level1": _level("level1", 8, ("q_proj", "v_proj"), 2e-4),
    "level2": _level("level2", 16, ATTENTION, 1e-4),
    "level3": _level("level3", 16, ATTENTION, 5e-5),
    # Measured on SmolLM2-135M-Instruct: benchmarks/results/recipe.md.
    "text": Profile(
        name="text",
        rank=16,
        alpha=32,
        targets=ALL_LINEAR,
        learning_rate=1e-3,
        rate_width=576,
        epochs=3,
        least_steps=120,
        smallest_batch=512,
        warmup_share=0.05,
        evaluations=10,
        patience=3,
        choose_by="answers",
    ),
    "demo": Profile(
        name="demo",
        rank=16,
        alpha=32,
        targets=ALL_LINEAR,
        learning_rate=3e-3,
        steps=90,
        sequence_tokens=320,
        batch_tokens=1024,
        warmup_share=0.1,
        qa_repeat=3,
        evaluations=3,
        patience=0,
        keep="last",  # answers are exact later than held-out text is at its best
        dropout=0.0,
    ),
}
# Measured on six topics: benchmarks/results/study.md.
PRESETS[LAYER] = PRESETS["text"].model_copy(
    update={"name": LAYER, "study_passes": 8.0, "study_variety": 3, "replay_share": 0.1}
)


def profile(name: str, **overrides: object) -> Profile:
    """A preset, with single values replaced.

    Raises:
        InvalidInputError: no such preset, no such value, or a value that cannot be.

    """
    if name not in PRESETS:
        known = ", ".join(PRESETS)
        msg = f"profile {name!r} is unknown; choose one of {known} (`lamina profiles` shows them)"
        raise InvalidInputError(msg)
    return overridden(PRESETS[name], overrides)


def overridden(chosen: Profile, overrides: Mapping[str, object]) -> Profile:
    """The profile with single values replaced; raises InvalidInputError for what cannot be."""
    try:
        return Profile.model_validate({**chosen.model_dump(), **overrides})
    except ValidationError as error:
        raise refusal(error, Profile, "training value {}".format) from error
