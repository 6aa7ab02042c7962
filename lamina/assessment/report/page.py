"""The report as one HTML file: nothing is fetched, and it reads without JavaScript. Pure."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from lamina.assessment.report.answers import answers_section
from lamina.assessment.report.colours import stylesheet
from lamina.assessment.report.heatmap import correct_map, loss_map, name
from lamina.assessment.report.records import AnswerRecord
from lamina.assessment.report.summary import Speed, Summary
from lamina.assessment.report.worth import Worth
from lamina.assessment.verdicts.verdict import Comparison, Word

_FOLDER = Path(__file__).parent
_NONE = "\N{EN DASH}"
_WHOLE_MS = 20  # shorter times are shown with a decimal
_FIRST = (Word.WORSE, Word.HARMFUL, Word.UNCLEAR, Word.NO_EFFECT, Word.TOO_LITTLE, Word.PROMOTED)
_MARKS = {
    Word.PROMOTED: "\N{BLACK UP-POINTING TRIANGLE}",
    Word.WORSE: "\N{BLACK DOWN-POINTING TRIANGLE}",
    Word.HARMFUL: "\N{BLACK DOWN-POINTING TRIANGLE}",
    Word.NO_EFFECT: "\N{WHITE CIRCLE}",
    Word.UNCLEAR: "?",
    Word.TOO_LITTLE: "?",
}


def page(summary: Summary, answers: Sequence[AnswerRecord]) -> str:
    """The whole document."""
    style = (_FOLDER / "report.css").read_text(encoding="utf-8") + stylesheet()
    script = (_FOLDER / "report.js").read_text(encoding="utf-8")
    sections = (
        _top(summary),
        _section("Verdicts", _VERDICTS_NOTE, _verdicts(summary.worths)),
        _section("Right answers, in per cent", _CORRECT_NOTE, correct_map(summary)),
        _section("Held-out loss, in nats per token", _LOSS_NOTE, loss_map(summary)),
        _section("Speed", _SPEED_NOTE, _speeds(summary.speeds)),
        _section("Every answer", _ANSWERS_NOTE, answers_section(summary.topics, answers)),
        _section("How this was measured", "", _facts(summary.facts)),
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>What each layer is worth</title><style>\n{style}</style></head>\n"
        f"<body><main>{''.join(sections)}</main><script>\n{script}</script></body></html>\n"
    )


_VERDICTS_NOTE = (
    "What wants a decision comes first. The sentence says what decided. Figures stand beside it: "
    "each layer against the base, on its own questions; the bar is the interval of the difference, "
    "which counts documents, and where it crosses the middle line luck may explain what was seen. "
    "<em>Knows</em> is how much likelier, in nats a token, right answers became against "
    "wrong ones of their kind than under the base (D): 0.7 is twice as likely, 0 nothing learnt. "
    "<em>Others</em> is the mean of the other topics\N{RIGHT SINGLE QUOTATION MARK} layers on the "
    "same questions, <em>elsewhere</em> the layer\N{RIGHT SINGLE QUOTATION MARK}s own change on "
    "all other topics."
)
_CORRECT_NOTE = (
    "Rows answer, columns ask. Outlined: a layer on its own topic. An answer counts when it "
    "gives what the reference gives, however it is said: a figure by value, unit and sign, a date, "
    "a list in any order."
)
_LOSS_NOTE = (
    "On text that no layer was trained on; lower is better. Blue is better than the base, "
    "orange is worse."
)
_SPEED_NOTE = "Measured from here, over HTTP, while this report was made."
_ANSWERS_NOTE = (
    "Open a question to see what each one said; equal answers stand together. "
    "A tick marks the right ones; beside each stands why it was graded so."
)


def _section(title: str, note: str, body: str) -> str:
    if not body:
        return ""
    note = f'<p class="note">{note}</p>' if note else ""
    return f"<section><h2>{title}</h2>{note}{body}</section>\n"


def _top(summary: Summary) -> str:
    head = summary.headline
    figures = (
        ("the layers, on their own topics", _percent(head.correct)),
        ("the base, on the same questions", _percent(head.correct_base)),
        (
            "the other topics\N{RIGHT SINGLE QUOTATION MARK} layers, there",
            _percent(head.correct_others),
        ),
        ("held-out loss, base \N{RIGHTWARDS ARROW} layer", _arrow(head.loss_base, head.loss)),
    )
    cards = "".join(
        f'<div class="card"><dt>{label}</dt><dd>{figure}</dd></div>' for label, figure in figures
    )
    cards = f'<dl class="cards">{cards}</dl>' if head.layers else ""
    return (
        '<header><p class="brand">Lamina</p><h1>What each layer is worth</h1>'
        f'<p class="lede">{escape(head.sentence)}</p>{cards}</header>\n'
    )


def _verdicts(worths: Iterable[Worth]) -> str:
    urgent = sorted(worths, key=lambda worth: _FIRST.index(worth.verdict.word))
    rows = "".join(_verdict(worth) for worth in urgent)
    heads = ("Layer", "Verdict", "Right", "Base", "Others", "Difference in points", "Knows", "Loss",
             "Elsewhere")  # fmt: skip
    head = "".join(f'<th scope="col">{title}</th>' for title in heads)
    return (
        f'<div class="wide" tabindex="0"><table class="verdicts"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _verdict(worth: Worth) -> str:
    word = worth.verdict.word
    chip = f'<span class="chip {word.replace(" ", "-")}">{_MARKS[word]} {word}</span>'
    figures = (
        _percent(worth.correct),
        _percent(worth.correct_base),
        _percent(worth.correct_others),
        _interval(worth.compared("home", "G")),
        _nats(worth.compared("home", "D")),
        _arrow(worth.loss_base, worth.loss),
        _points(worth.compared("elsewhere", "G")),
    )
    cells = "".join(f"<td>{figure}</td>" for figure in figures)
    return (
        f'<tr class="figures"><th scope="row">{name(worth.name)}</th><td>{chip}</td>{cells}</tr>'
        f'<tr class="said"><td colspan="9">{escape(worth.sentence)}</td></tr>'
    )


def _interval(gain: Comparison | None) -> str:
    """The difference as a figure and a bar on a scale of -100 to +100 points."""
    if gain is None:
        return _NONE
    low, value, high = (60 + 56 * max(-1.0, min(1.0, x)) for x in (gain.low, gain.value, gain.high))
    label = f"{_signed(gain.low)} to {_signed(gain.high)} points"
    return (
        f'<span class="gain">{_signed(gain.value)}</span><svg class="bar" viewBox="0 0 120 16" '
        f'role="img" aria-label="{label}"><title>{label}</title>'
        '<line x1="60" y1="1" x2="60" y2="15" class="zero"/>'
        f'<line x1="{low:.1f}" y1="8" x2="{high:.1f}" y2="8" class="range"/>'
        f'<circle cx="{value:.1f}" cy="8" r="3.5"/></svg>'
    )


def _speeds(speeds: Sequence[Speed]) -> str:
    if not speeds:
        return ""
    heads = ("", "Questions", "First token, ms<br>p50", "<br>p95", "Whole answer, ms<br>p50",
             "<br>p95", "Tokens per second")  # fmt: skip
    head = "".join(f'<th scope="col">{title}</th>' for title in heads)
    rows = "".join(
        f'<tr><th scope="row">{name(speed.blend)}</th><td>{speed.n}</td>'
        f"<td>{_ms(speed.first_token_s_p50)}</td>"
        f"<td>{_ms(speed.first_token_s_p95)}</td>"
        f"<td>{_ms(speed.total_s_p50)}</td><td>{_ms(speed.total_s_p95)}</td>"
        f"<td>{_NONE if speed.tokens_per_s is None else f'{speed.tokens_per_s:,.1f}'}</td></tr>"
        for speed in speeds
    )
    return (
        f'<div class="wide" tabindex="0"><table class="speeds"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _facts(facts: dict[str, str]) -> str:
    rows = "".join(f"<dt>{escape(key)}</dt><dd>{escape(fact)}</dd>" for key, fact in facts.items())
    return f'<dl class="facts">{rows}</dl>' if rows else ""


def _percent(share: float | None) -> str:
    return _NONE if share is None else f"{share:.0%}"


def _points(gain: Comparison | None) -> str:
    return _NONE if gain is None else _signed(gain.value)


def _nats(gain: Comparison | None) -> str:
    return _NONE if gain is None else f"{gain.value:+.2f}".replace("-", "\N{MINUS SIGN}")


def _signed(share: float) -> str:
    """A difference of shares in points, with a true minus sign."""
    points = round(100 * share)
    return f"{points:+d}".replace("-", "\N{MINUS SIGN}") if points else "0"


def _ms(seconds: float) -> str:
    millis = 1000 * seconds
    return f"{millis:,.0f}" if millis >= _WHOLE_MS else f"{millis:.1f}"


def _arrow(before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return _NONE
    return f"{before:.2f} \N{RIGHTWARDS ARROW} {after:.2f}"
