"""What one subject scored on one item: all that a verdict is made of. Pure.

A subject is the base, a layer's candidate or serving version, another topic's layer, or a blend.
The same item has the same `item`, `document`, `topic` and `kind` under every subject.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["D", "T", "G"]
Proves: TypeAlias = Literal["knows", "transfer"]


@dataclass(frozen=True, slots=True)
class Measured:
    """One item under one subject.

    D is the log-probability per token of the reference answer less the mean of six answers of the
    same type, in nats: higher is better. G is the grade of a generated answer, 0 to 1: higher is
    better. T is the loss on a row of test text, in nats per token: *lower* is better.
    """

    item: str  # a question's id or a row's digest; unique within topic and kind
    document: str  # what the item was taken from: items of one document are not independent
    topic: str
    kind: Kind
    value: float
    # Of an item of an exam: whether the topic's layer was trained on its document, and can know it,
    # or was not. What is transfer is reported, and part of no verdict.
    proves: Proves = "knows"
    weight: float = 1.0  # within its document; of a row of text its tokens
