"""The upper rungs again, on the files that a pod serves, against the figures of the layer's ladder.

Needs llama.cpp and no torch: the CPU pod asks whether the files that arrived say what the files
said that were measured.
"""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from lamina.conversion.ftypes import type_name
from lamina.conversion.ladder import PYTORCH, read_ladder, read_samples, rung
from lamina.conversion.parity import compare_tokens, opened, scored
from lamina.conversion.tools import Tools
from lamina.gguf import read_header
from lamina.prompts import Words

# Another processor sums in another order; more than this is another file.
SAME_FILE_LOSS = 0.01


class Served(BaseModel):
    """A layer on the files of this pod. Losses in nats a token."""

    model_config = ConfigDict(frozen=True)

    layer: str
    rung: str
    loss: float
    recorded: float
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the files say what was measured."""
        return not self.problems

    @property
    def sentence(self) -> str:
        """The verdict."""
        if self.passed:
            return f"layer {self.layer} says here what was measured"
        return f"layer {self.layer} does not say here what was measured: {'; '.join(self.problems)}"

    def row(self) -> dict[str, Any]:
        """The figures in one line."""
        return {
            "layer": self.layer,
            "against": self.rung,
            "recorded loss": f"{self.recorded:.4f}",
            "loss here": f"{self.loss:.4f}",
            "change": f"{100 * (self.loss / self.recorded - 1):+.2f} %",
            "verdict": "as measured" if self.passed else "; ".join(self.problems),
        }


def check_served(model: Path, adapter: Path, parity: Path, tools: Tools) -> Served:
    """The held-out loss of a GGUF base with a GGUF layer, beside that of a `parity` folder.

    A base of a type that no rung has is held against PyTorch, with the ladder's own limit.
    """
    ladder, samples = read_ladder(parity), read_samples(parity)
    header = read_header(model)
    ftype = type_name(int(header.number("general.file_type") or 0))
    name = ftype if ftype in {one.name for one in ladder.rungs} else PYTORCH
    limit = ladder.limits.quantized_loss if name == PYTORCH else SAME_FILE_LOSS
    words = Words.model_validate(
        tools.converter.run(opened(model, [adapter], samples, tools.threads))
    )
    carried = header.text("tokenizer.chat_template")
    seen = compare_tokens(samples, carried, carried, words, tools)
    scores = scored(samples, tools.converter, tools.progress, ladder.layer)
    loss = rung(name, samples, scores, 0.0).loss
    recorded = next(one.loss for one in ladder.rungs if one.name == name)
    found = []
    if seen.differing:
        found.append(f"token ids differ in {seen.differing} of {seen.compared} texts")
    if not abs(loss / recorded - 1) <= limit:
        found.append(f"the held-out loss is {loss:.4f} instead of {recorded:.4f}")
    return Served(
        layer=ladder.layer, rung=name, loss=loss, recorded=recorded, problems=tuple(found)
    )
