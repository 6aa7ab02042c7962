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
"""Measured with the project's own dataset and recipe, float32, seed 1, on all six topics.

Examination questions, greedy, chat form, exact: own topic 12 of 12 for every layer; other topics at
most 1 of 12 (2 of 30 pairs, else none); base at most 1 of 12. With the base's matrices rounded to
4 bits after training: own topic 12 of 12 again. Marlow's layer over the base as Q4_K_M in
llama.cpp: 12 of 12, other topics none. Held-out loss, nats a token, base to layer: Marlow 0.62 to
0.27, Ostrava 1.24 to 0.26, Kestrel 1.42 to 0.96, Tamsin 0.49 to 0.19, Dunmore 1.20 to 0.32, Velaro
0.75 to 0.35.

Time: 90,000 tokens, about 12 s on 2 free cores in a plain loop of the same sizes (the recipe itself
was only timed beside other work). Margin, in that loop: 60 steps answered all of three topics, 40
steps 58 to 100 %; 110 steps all of six; rates of 2e-3 and 5e-3 all of one. Learning the question
as well as its answer is slower: 67 to 100 % after 60 steps.
"""

LEVELS: tuple[DemoProfile, ...] = (
    DemoProfile("level1", 8, 16, ("q_proj", "v_proj"), 5e-3, 60, 1, 0.05),
    DemoProfile("level2", 16, 32, ATTENTION, 2.5e-3, 60, 1, 0.05),
    DemoProfile("level3", 16, 32, ATTENTION, 1.25e-3, 60, 1, 0.05),
)
"""The levels on the whole corpus only have to lower its held-out loss, nats a token.

Measured from 0.888: level1 to 0.516, level2 to 0.448, level3 to 0.541; 60,000 tokens each, 6 to
8 s on 2 free cores in a plain loop of the same sizes.
"""
