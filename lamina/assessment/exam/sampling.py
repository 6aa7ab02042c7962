"""How answers are drawn, and which items stand for a topic where not all are asked. Pure."""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from lamina.fingerprint import text_digest

Item = TypeVar("Item")


# The same before every question, whoever answers: brevity and form are no merit of a layer. It
# names the forms that are graded and allows not to know, and says nothing of any topic.
SHORT_ANSWERS = (
    "Answer with the fact alone, as briefly as you can: a figure with its unit, a date, a name, "
    "yes or no, or the items of a list. If you do not know it, answer: I do not know."
)


class Sampling(BaseModel):
    """How answers are drawn. The defaults are greedy, so that two runs can be compared."""

    model_config = ConfigDict(frozen=True)

    max_tokens: int = Field(64, ge=1, description="longest answer in tokens")
    temperature: float = Field(0.0, ge=0, description="0 = always the likeliest token")
    seed: int = Field(20260101, ge=0)
    system: str | None = Field(
        SHORT_ANSWERS, description="system message before each question; None = none"
    )


def drawn(
    items: Sequence[Item],
    count: int,
    *,
    seed: int,
    name: Callable[[Item], str],
    document: Callable[[Item], Hashable],
) -> tuple[Item, ...]:
    """`count` items by lot, from as many documents as can be; more of them hold the fewer.

    The lot hangs on the seed and the items' names alone, so that every subject draws the same, and
    an item that is added changes little.
    """
    by_document: dict[Hashable, list[Item]] = {}
    for item in sorted(items, key=lambda item: text_digest(f"{seed}\n{name(item)}")):
        by_document.setdefault(document(item), []).append(item)
    rounds = max(map(len, by_document.values()), default=0)
    in_turn = [of[at] for at in range(rounds) for of in by_document.values() if at < len(of)]
    return tuple(in_turn[:count])
