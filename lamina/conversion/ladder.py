"""The parity ladder: what is compared, the limits, and the verdict. No torch.

A layer is trained in PyTorch and served by llama.cpp from other files. On the way its strength, its
template, its BOS or its base can change without a word. Each rung answers the same texts; each is
held against the first.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lamina.conversion.ftypes import type_name
from lamina.conversion.jobs import Scored
from lamina.gguf import read_header

FILE, SAMPLES, TABLE = "parity.json", "samples.jsonl", "parity.md"
PYTORCH, F16, MERGED = "PyTorch", "F16", "merged Q4_K_M"
_AS_SERVED = "F16 as served"  # beside the F16 that the folder was converted to


class Sample(BaseModel):
    """One text as training saw it."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["text", "qa", "prompt"]
    text: str = Field(description="running text, or the answer; empty for a prompt")
    question: str | None = None
    whole: tuple[int, ...] = Field(description="its token ids, however long it is")
    ids: tuple[int, ...] = Field(description="those that are evaluated")
    first: int = Field(description="index in `ids` of the first token that is predicted")

    @property
    def n_labels(self) -> int:
        """Tokens that are predicted."""
        return len(self.ids) - self.first

    @property
    def is_heldout(self) -> bool:
        """Whether it counts in the held-out loss; a prompt has no answer to count."""
        return self.kind != "prompt"


class Limits(BaseModel):
    """Beyond them a layer fails."""

    model_config = ConfigDict(frozen=True)

    f16_kl: float = 1e-3
    f16_agreement: float = 0.99
    quantized_loss: float = 0.03


class Tokens(BaseModel):
    """Whether training and the server see the same token ids."""

    model_config = ConfigDict(frozen=True)

    compared: int
    differing: int
    same_template: bool = Field(description="the GGUF carries the base's template, word for word")
    example: str | None = Field(None, description="the first difference")


class Rung(BaseModel):
    """One form of the model. Losses in nats a token; KL against PyTorch, nats a token."""

    model_config = ConfigDict(frozen=True)

    name: str
    loss: float
    kl: float | None = None
    agreement: float | None = None
    seconds: float = Field(exclude=True, default=0.0)


class Ladder(BaseModel):
    """What was measured, and what is wrong with it."""

    model_config = ConfigDict(frozen=True)

    layer: str
    base_name: str
    split: Literal["heldout", "train"]
    samples: int
    tokens_scored: int
    tokens: Tokens
    rungs: tuple[Rung, ...]
    limits: Limits
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the layer may be published."""
        return not self.problems

    @property
    def sentence(self) -> str:
        """The verdict."""
        if self.passed:
            return f"layer {self.layer} says as GGUF what it says in PyTorch"
        return (
            f"layer {self.layer} does not say as GGUF what it says in PyTorch: "
            f"{'; '.join(self.problems)}"
        )

    def rows(self) -> list[dict[str, Any]]:
        """The table, a row a rung."""
        first = self.rungs[0].loss
        return [
            {
                "rung": rung.name,
                "mean KL": "" if rung.kl is None else f"{rung.kl:.2e}",
                "top-1": "" if rung.agreement is None else f"{100 * rung.agreement:.2f} %",
                "held-out loss": f"{rung.loss:.4f}",
                "change": "" if rung.kl is None else f"{100 * (rung.loss / first - 1):+.2f} %",
            }
            for rung in self.rungs
        ]

    def markdown(self) -> str:
        """The verdict and the table."""
        rows = self.rows()
        measured = (
            f"Base {self.base_name}; {self.samples} texts ({self.split}), {self.tokens_scored} "
            f"predicted tokens; token ids differ in {self.tokens.differing} of "
            f"{self.tokens.compared}."
        )
        lines = [
            f"**{self.sentence}.**",
            "",
            measured,
            "",
            f"| {' | '.join(rows[0])} |",
            f"|{'---|' * len(rows[0])}",
            *(f"| {' | '.join(row.values())} |" for row in rows),
        ]
        return "\n".join([*lines, ""])


def served_rung(file: Path) -> str:
    """What the rung of the base's served file is called: the file's type, as llama.cpp names it."""
    name = type_name(int(read_header(file).number("general.file_type") or 0))
    return _AS_SERVED if name == F16 else name


def rung(name: str, samples: Sequence[Sample], scores: Sequence[Scored], seconds: float) -> Rung:
    """The rung's figures from its scores, one a sample."""
    heldout = [one for sample, one in zip(samples, scores, strict=True) if sample.is_heldout]
    tokens = sum(one.tokens for one in scores)
    return Rung(
        name=name,
        loss=sum(one.nll for one in heldout) / sum(one.tokens for one in heldout),
        kl=sum(one.kl for one in scores) / tokens,
        agreement=sum(one.agreed for one in scores) / tokens,
        seconds=seconds,
    )


def problems(tokens: Tokens, rungs: Sequence[Rung], limits: Limits) -> Iterator[str]:
    """What is beyond its limit, a sentence each."""
    if tokens.differing:
        yield (
            f"token ids differ in {tokens.differing} of {tokens.compared} texts ({tokens.example})"
        )
    if not tokens.same_template:
        yield "the GGUF base carries another chat template than the base"
    first, *others = rungs
    for one in others:
        if one.name == F16:
            if not (one.kl or 0.0) <= limits.f16_kl:  # so that not-a-number fails, too
                yield f"at {one.name} the mean KL is {one.kl:.2e} (limit {limits.f16_kl:.0e})"
            if not (one.agreement or 0.0) >= limits.f16_agreement:
                yield (
                    f"at {one.name} the top-1 agreement is {100 * (one.agreement or 0):.2f} % "
                    f"(limit {100 * limits.f16_agreement:g} %)"
                )
        elif not abs(one.loss / first.loss - 1) <= limits.quantized_loss:
            yield (
                f"at {one.name} the held-out loss is {one.loss:.4f}, in PyTorch {first.loss:.4f} "
                f"({100 * (one.loss / first.loss - 1):+.1f} %, limit "
                f"{100 * limits.quantized_loss:g} %)"
            )


def write_ladder(ladder: Ladder, samples: Sequence[Sample], folder: Path) -> None:
    """The files of a `parity` artifact."""
    (folder / FILE).write_text(ladder.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (folder / TABLE).write_text(ladder.markdown(), encoding="utf-8")
    lines = "".join(sample.model_dump_json() + "\n" for sample in samples)
    (folder / SAMPLES).write_text(lines, encoding="utf-8")


def read_ladder(folder: Path) -> Ladder:
    """What a `parity` artifact says."""
    return Ladder.model_validate_json((folder / FILE).read_bytes())


def read_samples(folder: Path) -> list[Sample]:
    """The texts of a `parity` artifact."""
    lines = (folder / SAMPLES).read_text(encoding="utf-8").splitlines()
    return [Sample.model_validate_json(line) for line in lines]
