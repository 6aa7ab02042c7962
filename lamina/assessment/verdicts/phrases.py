"""Figures of a comparison as people say them. Pure."""

from math import exp

from lamina.assessment.cells.measured import Kind
from lamina.assessment.verdicts.verdict import Comparison, Inferred

_ITEMS: dict[Kind, tuple[str, str]] = {
    "D": ("question", "questions"),
    "T": ("row of test text", "rows of test text"),
    "G": ("question", "questions"),
}


def amount(value: float, kind: Kind) -> str:
    """A difference with its sign and unit."""
    return f"{_figure(value, kind)} {'points' if kind == 'G' else 'nats a token'}"


def interval(one: Comparison) -> str:
    """A comparison's difference with its interval."""
    low, high = _figure(one.low, one.kind), _figure(one.high, one.kind)
    return f"{amount(one.value, one.kind)} (interval {low} to {high})"


def counted(n: int, kind: Kind) -> str:
    """How many items, such as 1 question."""
    one, many = _ITEMS[kind]
    return f"{n} {one if n == 1 else many}"


def documents(n: int) -> str:
    """How many documents."""
    return f"{n} document{'s' * (n != 1)}"


def evidence(n: int, of: int, kind: Kind) -> str:
    """How much there is, such as 12 questions from 2 documents."""
    return f"{counted(n, kind)} from {documents(of)}"


def beside(one: Comparison) -> str:
    """What was compared, other than the gain at home."""
    to = "against the version that serves, on" if one.place == "serving" else "on"
    return f"{one.kind} {to} {one.name}"


def gained(gain: Comparison, *, known: bool) -> str:
    """The gain at home, with what it was seen on and what it means.

    `known`: other questions are about documents that the layer was not trained on.
    """
    seen_on = evidence(gain.n, gain.documents, gain.kind)
    if gain.kind == "D":
        seen_on += " that it was trained on" * known
        means = (
            f"right answers are {exp(gain.value):.2g} times as likely against wrong ones of their "
            "kind as under the base"
        )
        return f"D is {interval(gain)} over the base on {seen_on}: {means}"
    means = "so much lower its loss is there than the other layers', whom style helps as well"
    return f"T is {interval(gain)} on {seen_on}: {means}"


def ahead(one: Comparison) -> str:
    """The lead over other topics' layers on the same questions."""
    return (
        "Against other topics' layers, whom the form of answers helps as well, it is "
        f"{interval(one)} on the same questions"
    )


def inferred(one: Inferred) -> str:
    """The gain where a layer cannot know, as a sentence of its own."""
    told = evidence(one.n, one.documents, "D")
    if one.low is not None and one.high is not None:
        told = f"interval {one.low:+.2f} to {one.high:+.2f}, {told}"
    return f"Of documents it never saw: D {one.value:+.2f} ({told}), which decides nothing."


def _figure(value: float, kind: Kind) -> str:
    match kind:
        case "G":
            return f"{100 * value:+.0f}"
        case "T":
            return f"{value:+.3f}"
        case "D":
            return f"{value:+.2f}"
