"""Layers with a known fault, as the rule judges them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lamina.assessment.cells.measured import Kind, Measured
from lamina.assessment.exam.general import GENERAL
from lamina.assessment.verdicts.findings import Case
from lamina.assessment.verdicts.rule import judge
from lamina.margins import Margins

OTHERS = ("Debt", "Equity", "Taxes")


@dataclass(frozen=True)
class Planted:
    """What a layer does, on its own topic and elsewhere. D and losses in nats a token."""

    what: str
    d: float = 0.0  # gain over the base
    asked: bool = True  # there are questions of its own
    loss: float = 0.0  # change on its test text
    style: float = 0.0  # change there under the other layers
    elsewhere: float = 0.0  # gain in D on other topics, in shares of general questions
    serving: float | None = None  # gain in D of the version that serves
    documents: int = 6


LAYERS = (
    Planted("knows its documents", d=1, loss=-0.3),
    Planted(
        "no questions of its own, four rows of one document", asked=False, loss=-0.3, documents=1
    ),
    Planted("a thousandth of a nat on its test text, no questions", asked=False, loss=-0.001),
    Planted("good at home, ruins all else", d=1, loss=-0.3, elsewhere=-0.8),
    Planted("better than the base, worse than what serves", d=0.5, loss=-0.1, serving=2),
    Planted("style of reports only, no questions", asked=False, loss=-0.7, style=-0.7),
    Planted("the form of answers only", d=0, loss=-0.1),
    Planted("four of 12 questions where the base has none", d=0.1),
    Planted("copies the base"),
    Planted("forgets what the base knew", d=-1, loss=0.3),
)


def rows() -> Iterator[tuple[str, ...]]:
    """What, the word, its sentence."""
    for one in LAYERS:
        random = np.random.default_rng(1)
        said = judge([_case(one)], _values(one, random), Margins())[0]
        yield one.what, str(said.word), said.sentence


def _case(one: Planted) -> Case:
    serving = "serving" if one.serving is not None else None
    return Case("Leases", ("Leases",), serving=serving, others=OTHERS)


def _values(one: Planted, random: np.random.Generator) -> dict[str, list[Measured]]:
    copy = one == Planted("copies the base")
    noise = 0.0 if copy else 0.15
    found = {}
    subjects = {"base": (0.0, 0.0, 0.0), "Leases": (one.d, one.loss, one.elsewhere)}
    subjects |= dict.fromkeys(OTHERS, (0.0, one.style, 0.0))
    if one.serving is not None:
        subjects["serving"] = (one.serving, -0.1, 0.0)
    for subject, (d, loss, elsewhere) in subjects.items():
        own = _items(random, "Leases", "D", d, noise, (one.documents, 4)) if one.asked else []
        text = _items(random, "Leases", "T", 2 + loss, noise / 50, (one.documents, 3))
        away = _items(random, "Debt", "D", elsewhere, noise, (48, 2))
        right = 50 + round(50 * elsewhere)
        general = [Measured(str(n), str(n), GENERAL, "G", float(n < right)) for n in range(60)]
        found[subject] = [*own, *text, *away, *general]
    return found


def _items(  # noqa: PLR0913, PLR0917 - a line a call is easier to read
    random: np.random.Generator, topic: str, kind: Kind, mean: float, noise: float,
    sizes: tuple[int, int],
) -> list[Measured]:  # fmt: skip
    values: NDArray[np.float64] = mean + noise * random.standard_normal(sizes)
    return [
        Measured(f"{document}-{item}", f"{topic} {document}", topic, kind, float(value))
        for (document, item), value in np.ndenumerate(values)
    ]
