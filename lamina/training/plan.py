"""What a training run is asked to do, and the numbers that follow from it before it starts.

Pure: no torch, no files. It does not cover which GPU there is; `auto` is resolved by the recipe.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lamina.errors import InvalidInputError
from lamina.training.packing import pack_steps

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
ALL_LINEAR = (*ATTENTION, "gate_proj", "up_proj", "down_proj")

Quantize = Literal["auto", "nf4", "none"]
Dtype = Literal["auto", "float32", "bfloat16"]


class Profile(BaseModel):
    """One way of training a layer. Two equal profiles on equal data give equal layers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="what the layer's passport calls its preset")
    rank: int = Field(ge=1, le=1024)
    alpha: float = Field(gt=0, description="the layer's strength is alpha / rank")
    targets: tuple[str, ...] = Field(min_length=1, description="linear modules that get a layer")
    learning_rate: float = Field(gt=0, lt=1, description="peak, after the warm-up")
    epochs: float = Field(3.0, gt=0, description="passes over the layer's own rows")
    steps: int | None = Field(None, ge=1, description="optimizer steps; wins over epochs")
    sequence_tokens: int = Field(2048, ge=16, description="longest pack; more = more memory")
    batch_tokens: int = Field(4096, ge=16, description="tokens that one optimizer step sees")
    warmup_share: float = Field(0.03, ge=0, lt=1, description="share of the steps")
    dropout: float = Field(0.05, ge=0, lt=1)
    weight_decay: float = Field(0.0, ge=0)
    qa_repeat: int = Field(1, ge=1, description="how often a qa row is seen in one epoch")
    evaluations: int = Field(4, ge=1, description="held-out measurements, the last at the end")
    quantize: Quantize = Field("auto", description="base in NF4; auto = where a CUDA GPU is")
    dtype: Dtype = Field("auto", description="of the base; auto = bfloat16 on CUDA, else float32")

    def with_rate(self, factor: float) -> "Profile":
        """The same profile with `factor` times its learning rate."""
        return self.model_copy(update={"learning_rate": self.learning_rate * factor})


def _level(name: str, rank: int, targets: tuple[str, ...], rate: float) -> Profile:
    return Profile(name=name, rank=rank, alpha=2 * rank, targets=targets, learning_rate=rate)


PRESETS: dict[str, Profile] = {
    "level1": _level("level1", 8, ("q_proj", "v_proj"), 2e-4),
    "level2": _level("level2", 16, ATTENTION, 1e-4),
    "level3": _level("level3", 16, ATTENTION, 5e-5),
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
        dropout=0.0,
    ),
}


def profile(name: str, **overrides: object) -> Profile:
    """A preset, with single values replaced.

    Raises:
        InvalidInputError: no such preset, no such value, or a value that cannot be.

    """
    if name not in PRESETS:
        msg = f"preset {name!r} is unknown; choose one of {', '.join(PRESETS)}"
        raise InvalidInputError(msg)
    try:
        return Profile.model_validate({**PRESETS[name].model_dump(), **overrides})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        msg = f"training value {field} cannot be {first['input']!r} ({first['msg']}); correct it"
        raise InvalidInputError(msg) from error


class Plan(BaseModel):
    """The derived numbers of one run."""

    model_config = ConfigDict(frozen=True)

    profile: Profile
    documents: int = Field(description="rows, a long one counted once a window")
    epoch_tokens: int = Field(description="tokens of one pass over them")
    steps: int
    tokens: int = Field(description="tokens seen in the whole run")
    trainable_parameters: int
    memory_bytes: int = Field(description="estimate of the peak: weights, optimizer, activations")
    activation_bytes: int = Field(description="the part of it that checkpointing would spare")

    def describe(self) -> str:
        """The numbers as a few lines for a person."""
        chosen = self.profile
        return (
            f"preset {chosen.name}: rank {chosen.rank}, alpha {chosen.alpha:g} on "
            f"{', '.join(chosen.targets)}; {self.trainable_parameters:,} trainable parameters\n"
            f"{self.documents:,} documents of {self.epoch_tokens:,} tokens; {self.steps:,} steps "
            f"of about {chosen.batch_tokens:,} tokens, {self.tokens:,} in all; "
            f"learning rate {chosen.learning_rate:g}\n"
            f"memory about {self.memory_bytes / 2**30:.2f} GiB"
        )


def plan_run(
    chosen: Profile,
    config: Mapping[str, Any],
    lengths: Sequence[int],
    *,
    repeats: Sequence[int] | None = None,
    seed: int = 0,
) -> Plan:
    """The plan for documents of these lengths in tokens, on a base with this `config.json`.

    `repeats` says how often each document is seen in one epoch; None = once.

    Raises:
        InvalidInputError: the base has no module that the profile targets.

    """
    steps = pack_steps(
        lengths,
        repeats or [1] * len(lengths),
        sequence_tokens=chosen.sequence_tokens,
        batch_tokens=chosen.batch_tokens,
        epochs=chosen.epochs,
        steps=chosen.steps,
        seed=seed,
    )
    return Plan(
        profile=chosen,
        documents=len(lengths),
        epoch_tokens=sum(
            length * times
            for length, times in zip(lengths, repeats or [1] * len(lengths), strict=True)
        ),
        steps=len(steps),
        tokens=sum(lengths[index] for step in steps for pack in step for index in pack),
        trainable_parameters=trainable_parameters(chosen, config),
        memory_bytes=memory_bytes(chosen, config),
        activation_bytes=activation_bytes(chosen, config),
    )


def linear_shapes(config: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """(inputs, outputs) of the linear modules of one block of a Llama-like base."""
    hidden, inner = int(config["hidden_size"]), int(config.get("intermediate_size") or 0)
    heads = int(config.get("num_attention_heads") or 1)
    width = int(config.get("head_dim") or hidden // heads)
    keys = int(config.get("num_key_value_heads") or heads)
    return {
        "q_proj": (hidden, heads * width),
        "k_proj": (hidden, keys * width),
        "v_proj": (hidden, keys * width),
        "o_proj": (heads * width, hidden),
        "gate_proj": (hidden, inner),
        "up_proj": (hidden, inner),
        "down_proj": (inner, hidden),
    }


def trainable_parameters(chosen: Profile, config: Mapping[str, Any]) -> int:
    """Rank * (inputs + outputs) of every targeted module in every block.

    Raises:
        InvalidInputError: a target is no linear module of the base.

    """
    shapes = linear_shapes(config)
    if unknown := sorted(set(chosen.targets) - shapes.keys()):
        msg = f"the base has no linear module {unknown[0]!r}; choose among {', '.join(shapes)}"
        raise InvalidInputError(msg)
    each = sum(chosen.rank * sum(shapes[name]) for name in set(chosen.targets))
    return each * int(config["num_hidden_layers"])


def memory_bytes(chosen: Profile, config: Mapping[str, Any]) -> int:
    """Peak memory: base weights, the layer with its Adam state, activations of one pack.

    `auto` counts as unquantized float32, the largest case. NF4 with double quantization takes
    0.516 bytes a weight (QLoRA, arXiv 2305.14314, section 3). The layer takes 16 bytes a
    parameter: value, gradient and two moments in float32.
    """
    width = _bytes_per_value(chosen)
    blocks, hidden = int(config["num_hidden_layers"]), int(config["hidden_size"])
    linear = blocks * sum(a * b for a, b in linear_shapes(config).values())
    embeddings = int(config["vocab_size"]) * hidden
    embeddings *= 1 if config.get("tie_word_embeddings") else 2
    weights = linear * (0.516 if chosen.quantize == "nf4" else width) + embeddings * width
    layer = 16 * trainable_parameters(chosen, config)
    return int(weights + layer + activation_bytes(chosen, config))


def activation_bytes(chosen: Profile, config: Mapping[str, Any]) -> int:
    """What autograd keeps of one pack.

    Of a block about 8 vectors of the hidden width and 5 of the inner width a token; once the
    logits and their gradient in float32.
    """
    hidden, inner = int(config["hidden_size"]), int(config.get("intermediate_size") or 0)
    block = _bytes_per_value(chosen) * (8 * hidden + 5 * inner)
    logits = 8 * int(config["vocab_size"])
    return chosen.sequence_tokens * (int(config["num_hidden_layers"]) * block + logits)


def _bytes_per_value(chosen: Profile) -> int:
    return 2 if chosen.dtype == "bfloat16" or chosen.quantize == "nf4" else 4
