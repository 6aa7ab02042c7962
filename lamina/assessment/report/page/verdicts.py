"""Each layer's verdict: the word, the figures beside it, why, and what to do. Pure."""

from collections.abc import Mapping, Sequence

from lamina.assessment.report.page.trend import trend_line
from lamina.assessment.report.page.words import (
    NONE,
    arrow,
    explained,
    name,
    nats,
    percent,
    points,
    signed,
    table,
    term,
)
from lamina.assessment.report.trend import Point
from lamina.assessment.report.worth import Worth
from lamina.assessment.verdicts.verdict import Comparison, Word

_FIRST = (Word.WORSE, Word.HARMFUL, Word.UNCLEAR, Word.NO_EFFECT, Word.TOO_LITTLE, Word.PROMOTED)
_MARKS = {
    Word.PROMOTED: "\N{BLACK UP-POINTING TRIANGLE}",
    Word.WORSE: "\N{BLACK DOWN-POINTING TRIANGLE}",
    Word.HARMFUL: "\N{BLACK DOWN-POINTING TRIANGLE}",
    Word.NO_EFFECT: "\N{WHITE CIRCLE}",
    Word.UNCLEAR: "?",
    Word.TOO_LITTLE: "?",
}
_NOTHING = "Nothing: it may serve."
NOTE = (
    "What wants a decision comes first. Beneath each layer stands why, and what to do. The figures "
    "hold it against the base, on its own questions; the bar is the "
    f"{term('interval')} of the difference, and where it crosses the middle line luck may explain "
    f"what was seen. <em>Knows</em> is {term('D')} over the base's. <em>Others</em> is the mean of "
    "the other topics\N{RIGHT SINGLE QUOTATION MARK} layers on the same questions, "
    "<em>elsewhere</em> the layer\N{RIGHT SINGLE QUOTATION MARK}s own change on all other topics."
)


def verdicts(worths: Sequence[Worth], trends: Mapping[str, Sequence[Point]]) -> str:
    """A table; worst and undecided first."""
    urgent = sorted(worths, key=lambda worth: _FIRST.index(worth.verdict.word))
    rows = (_verdict(worth, trends.get(worth.name, ())) for worth in urgent)
    heads = ("Layer", "Verdict", "Right", "Base", "Others", f"Difference in {term('points')}",
             term("Knows", "D"), term("Loss", "loss"),
             "Elsewhere")  # fmt: skip
    return table("verdicts", heads, rows)


def _verdict(worth: Worth, trend: Sequence[Point]) -> str:
    word = worth.verdict.word
    chip = f'<span class="chip {word.replace(" ", "-")}">{_MARKS[word]} {word}</span>'
    knows = worth.compared("home", "D")
    figures = (
        percent(worth.correct),
        percent(worth.correct_base),
        percent(worth.correct_others),
        _interval(worth.compared("home", "G")),
        nats(knows.value) if knows else NONE,
        arrow(worth.loss_base, worth.loss),
        points(worth.compared("elsewhere", "G")),
    )
    cells = "".join(f"<td>{figure}</td>" for figure in figures)
    said = worth.verdict
    why = " ".join(filter(None, (said.why, said.seen)))
    return (
        f'<tr class="figures"><th scope="row">{name(worth.name)}</th><td>{chip}</td>{cells}</tr>'
        f'<tr class="said"><td colspan="9"><p><b>Why</b> {explained(why)}</p>'
        f"<p><b>What to do</b> {explained(said.remedy or _NOTHING)}</p>{trend_line(trend)}"
        "</td></tr>"
    )


def _interval(gain: Comparison | None) -> str:
    """The difference as a figure and a bar on a scale of -100 to +100 points."""
    if gain is None:
        return NONE
    low, value, high = (60 + 56 * max(-1.0, min(1.0, x)) for x in (gain.low, gain.value, gain.high))
    label = f"{signed(gain.low)} to {signed(gain.high)} points"
    return (
        f'<span class="gain">{signed(gain.value)}</span><svg class="bar" viewBox="0 0 120 16" '
        f'role="img" aria-label="{label}"><title>{label}</title>'
        '<line x1="60" y1="1" x2="60" y2="15" class="zero"/>'
        f'<line x1="{low:.1f}" y1="8" x2="{high:.1f}" y2="8" class="range"/>'
        f'<circle cx="{value:.1f}" cy="8" r="3.5"/></svg>'
    )
