"""The numbers that follow from a profile, a base and documents before a run starts. Pure."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.training import sizes
from lamina.training.packing import Step
from lamina.training.profiles import Profile
from lamina.training.streams import Pieces, run_tokens, stream_steps
from lamina.training.suits import peak_rate, unsuited


class Plan(BaseModel):
    """The derived numbers of one run."""

    model_config = ConfigDict(frozen=True)

    profile: Profile
    documents: int = Field(description="rows, a long one counted once a window")
    epoch_tokens: int = Field(description="tokens of one pass over text and study rows")
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


def step_tokens(chosen: Profile, tokens: float) -> int:
    """Tokens of one step, in a run of so many.

    A small layer's steps shrink, as far as the profile lets them, until its run comes to the steps
    that are wanted.
    """
    wanted = chosen.steps or chosen.least_steps
    if chosen.smallest_batch is None or not wanted:
        return chosen.batch_tokens
    fitting = round(tokens / wanted)
    return min(chosen.batch_tokens, max(chosen.smallest_batch, fitting))


def run_steps(chosen: Profile, pieces: Pieces, seed: int) -> list[Step]:
    """The whole run in advance; where its epochs are fewer steps than the least, they go on."""
    batch_tokens = step_tokens(chosen, run_tokens(chosen, pieces))
    return stream_steps(chosen, pieces, batch_tokens, seed)


def plan_run(chosen: Profile, config: Mapping[str, Any], pieces: Pieces, seed: int = 0) -> Plan:
    """The plan for these documents on a base of this `config.json`.

    Raises:
        InvalidInputError: the base has no module that the profile targets.

    """
    steps = run_steps(chosen, pieces, seed)
    tokens = sum(pieces.lengths[index] for step in steps for pack in step for index in pack)
    return Plan(
        profile=chosen,
        documents=len(pieces.lengths),
        epoch_tokens=pieces.epoch_tokens() + pieces.pass_tokens(chosen),
        steps=len(steps),
        batch_tokens=step_tokens(chosen, run_tokens(chosen, pieces)),
        learning_rate=peak_rate(chosen, config),
        unsuited=unsuited(chosen, config, len(steps)),
        tokens=tokens,
        trainable_parameters=sizes.trainable_parameters(chosen, config),
        memory_bytes=sizes.memory_bytes(chosen, config),
        disk_bytes=sizes.disk_bytes(chosen, config),
        flops=float(tokens * sizes.flops_per_token(chosen, config)),
    )
