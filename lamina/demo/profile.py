"""Where the tiny base lies, and how the demo trains its layers.

The fields are those of `lamina.training.plan.Profile`; this module is data and imports none of it.
The rates are for the tiny base: the levels keep the proportions of the presets for 7B (2e-4, 1e-4,
5e-5), times 25.
"""

from dataclasses import dataclass
from pathlib import Path

TINY_BASE = Path(__file__).parent / "tiny_base"
CHUNK_TOKENS = 256  # of the dataset's text rows; a row and its BOS and EOS fit one pack

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")


@dataclass(frozen=True, slots=True)
class DemoProfile:
    """How one layer is trained on the tiny base; linear warm-up, then a cosine to zero."""

    name: str
    rank: int
    alpha: int  # the layer's strength is alpha / rank
    targets: tuple[str, ...]
    learning_rate: float  # the peak, with AdamW without weight decay
    steps: int
    qa_repeat: int  # how often a question row is seen for each time a text row is
    dropout: float
    warmup_share: float = 0.1  # of the steps
    sequence_tokens: int = 320  # longest pack
    batch_tokens: int = 1024  # of one optimizer step


DEMO = DemoProfile(
    name="demo",
    rank=16,
    alpha=32,
    targets=(*ATTENTION, "gate_proj", "up_proj", "down_proj"),
    learning_rate=3e-3,
    steps=90,
    qa_repeat=3,
    dropout=0.0,
)
"""FIGURES_DEMO
"""

LEVELS: tuple[DemoProfile, ...] = (
    DemoProfile("level1", 8, 16, ("q_proj", "v_proj"), 5e-3, 60, 1, 0.05),
    DemoProfile("level2", 16, 32, ATTENTION, 2.5e-3, 60, 1, 0.05),
    DemoProfile("level3", 16, 32, ATTENTION, 1.25e-3, 60, 1, 0.05),
)
"""FIGURES_LEVELS
"""
