"""The numbers that follow from a profile, a base and documents before a run starts. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.training import sizes
from lamina.training.packing import pack_steps
from lamina.training.profiles import Profile


class Plan(BaseModel):
    """The derived numbers of one run."""

    model_config = ConfigDict(frozen=True)

    profile: Profile
    documents: int = Field(description="rows, a long one counted once a window")
    epoch_tokens: int = Field(description="tokens of one pass over them")
    steps: int
    tokens: int = Field(description="tokens seen in the whole run")
    trainable_parameters: int
    memory_bytes: int = Field(description="estimate of the peak with one pack at a time")
    disk_bytes: int = Field(description="most that the run has on disk beyond its input")
    flops: float = Field(description="estimate of the whole run's floating-point operations")

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
    tokens = sum(lengths[index] for step in steps for pack in step for index in pack)
    return Plan(
        profile=chosen,
        documents=len(lengths),
        epoch_tokens=sum(
            length * times
            for length, times in zip(lengths, repeats or [1] * len(lengths), strict=True)
        ),
        steps=len(steps),
        tokens=tokens,
        trainable_parameters=sizes.trainable_parameters(chosen, config),
        memory_bytes=sizes.memory_bytes(chosen, config),
        disk_bytes=sizes.disk_bytes(chosen, config),
        flops=float(tokens * sizes.flops_per_token(chosen, config)),
    )
