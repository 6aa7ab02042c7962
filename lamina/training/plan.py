"""The numbers that follow from a profile, a base and documents before a run starts. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.training import sizes
from lamina.training.packing import Step, pack_steps
from lamina.training.profiles import Profile
from lamina.training.suits import peak_rate, unsuited


class Plan(BaseModel):
    """The derived numbers of one run."""

    model_config = ConfigDict(frozen=True)

    profile: Profile
    documents: int = Field(description="rows, a long one counted once a window")
    epoch_tokens: int = Field(description="tokens of one pass over them")
    steps: int
    batch_tokens: int = Field(description="that one step sees")
    learning_rate: float = Field(description="peak, on this base")
    unsuited: str = Field(description="why the profile does not suit the base; empty if it does")
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
            f"of about {self.batch_tokens:,} tokens, {self.tokens:,} in all; "
            f"learning rate {self.learning_rate:.3g}\n"
            f"memory about {self.memory_bytes / 2**30:.2f} GiB"
            + (f"\n{self.unsuited}" if self.unsuited else "")
        )


def step_tokens(chosen: Profile, epoch_tokens: int) -> int:
    """Tokens of one step.

    A small layer's steps shrink, as far as the profile lets them, until its epochs come to the
    steps that are wanted.
    """
    wanted = chosen.steps or chosen.least_steps
    if chosen.smallest_batch is None or not wanted:
        return chosen.batch_tokens
    fitting = round(chosen.epochs * epoch_tokens / wanted)
    return min(chosen.batch_tokens, max(chosen.smallest_batch, fitting))


def run_steps(
    chosen: Profile, lengths: Sequence[int], repeats: Sequence[int], seed: int
) -> list[Step]:
    """The whole run in advance; where its epochs are fewer steps than the least, they go on."""

    def packed(steps: int | None) -> list[Step]:
        return pack_steps(
            lengths,
            repeats,
            sequence_tokens=chosen.sequence_tokens,
            batch_tokens=step_tokens(chosen, _epoch_tokens(lengths, repeats)),
            epochs=chosen.epochs,
            steps=steps,
            seed=seed,
        )

    found = packed(chosen.steps)
    enough = chosen.steps or len(found) >= chosen.least_steps or not lengths
    return found if enough else packed(chosen.least_steps)


def _epoch_tokens(lengths: Sequence[int], repeats: Sequence[int]) -> int:
    return sum(length * times for length, times in zip(lengths, repeats, strict=True))


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
    times = repeats or [1] * len(lengths)
    steps = run_steps(chosen, lengths, times, seed)
    epoch_tokens = _epoch_tokens(lengths, times)
    tokens = sum(lengths[index] for step in steps for pack in step for index in pack)
    return Plan(
        profile=chosen,
        documents=len(lengths),
        epoch_tokens=epoch_tokens,
        steps=len(steps),
        batch_tokens=step_tokens(chosen, epoch_tokens),
        learning_rate=peak_rate(chosen, config),
        unsuited=unsuited(chosen, config, len(steps)),
        tokens=tokens,
        trainable_parameters=sizes.trainable_parameters(chosen, config),
        memory_bytes=sizes.memory_bytes(chosen, config),
        disk_bytes=sizes.disk_bytes(chosen, config),
        flops=float(tokens * sizes.flops_per_token(chosen, config)),
    )
