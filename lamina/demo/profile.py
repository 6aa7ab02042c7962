"""How the demo trains on each base; the layer profile itself is the preset `demo` of training.

Layers on the embedded base, asked as served (Q4_K_M), the 12 questions about chapters in training:
12, 12, 12, 12, 11 and 9 right; other topics' layers 1 of 360, the base none of 72. When each manual
was one document and ruled in eight ways, all six gave 12; there 60 steps instead of 90 answered all
of three topics, 40 steps 58 to 100 %; rates of 2e-3 and 5e-3 instead of 3e-3 all of one; learning
the question as well as its answer is slower: 67 to 100 % after 60 steps. What follows was measured
with those, too.

Layers on SmolLM2-135M, bfloat16, steps of 512 tokens; one topic of 12 questions, asked in PyTorch:
7 after 64 steps at 2e-3, 9 after 48 at 3e-3. After 72 steps at 3e-3, asked as served: with a manual
in one document 12, 12, 8, 10, 11 and 10 of 12; with six chapters of it in training 11, 2, 4, 11, 11
and 8; the base none.

Levels, on the whole corpus: held-out loss from 0.888 nats a token to 0.516 (level1), 0.448 (level2)
and 0.541 (level3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CHUNK_TOKENS = 256  # of the dataset's text rows; a row and its BOS and EOS fit one pack
LEVEL_RATE_FACTOR = 25.0  # the presets' rates are for 7B
LEVEL_OVERRIDES: dict[str, float] = {
    "steps": 60,
    "batch_tokens": 1024,
    "sequence_tokens": 320,
    "warmup_share": 0.1,
    "evaluations": 2,
}


@dataclass(frozen=True)
class Lesson:
    """How the layers of the handbooks are trained on one base, and where."""

    workspace: Path  # of `lamina demo`, unless another is named
    overrides: Mapping[str, float] = field(default_factory=dict)  # of the preset `demo`
    levels: bool = True  # whether the three levels are trained, and the best one merged


LESSONS = {
    "tiny": Lesson(Path("workspace-demo")),
    "smollm2": Lesson(
        Path("workspace-demo-real"),
        {"steps": 72, "batch_tokens": 512},
        levels=False,  # one pass over the whole corpus takes as long as a layer
    ),
}
