"""Answers that a person should look at, with the line that overrules; and those overruled. Pure."""

from collections.abc import Sequence
from html import escape

from lamina.assessment.report.page.words import counted, name, table
from lamina.assessment.report.review import RANK, Doubt

_SHOWN = 100  # of the queue; `answers.csv` has all
NOTE = (
    "Three signs of a right answer do not agree here: the grader, whether the reference's words "
    "stand in the answer, and whether the right answer is thought the likeliest of seven. Where "
    "the grader is wrong, run the line that stands there: your word is kept in "
    "<code>qa/overrides.jsonl</code> and counts for this very answer, in verdicts, too, from the "
    "next <code>lamina qa_layers</code> on."
)
OVERRULED_NOTE = "A person decided about these; they count as decided."


def review_section(queue: Sequence[Doubt]) -> str:
    """The queue as a table; empty text where nothing is in doubt."""
    if not queue:
        return ""
    first = [one for one in queue if one.reason != RANK]
    rest = [one for one in queue if one.reason == RANK]
    if not rest:
        return _queue(first)
    return (
        f"{_queue(first)}<details><summary>Wrong in their own words, though they think the right "
        f'answer the likeliest <span class="count">{len(rest)}</span></summary>{_queue(rest)}'
        "</details>"
    )


def _queue(queue: Sequence[Doubt]) -> str:
    if not queue:
        return ""
    more = len(queue) - _SHOWN
    rest = f"<p>{more} more have a <code>doubt</code> in answers.csv.</p>" if more > 0 else ""
    heads = ("Question and reference", "Answer", "Doubt", "To overrule")
    return table("review", heads, map(_doubt, queue[:_SHOWN])) + rest


def overruled_section(decided: Sequence[Doubt]) -> str:
    """What was overruled, by whom and why; empty text where nothing was."""
    if not decided:
        return ""
    heads = ("Question and reference", "Answer", "Counts as", "Who, when, why")
    return table("review", heads, map(_decided, decided))


def _doubt(one: Doubt) -> str:
    verdict = "wrong" if one.answer.correct else "right"
    line = f'lamina overrule {one.answer.key} {verdict} --why "..."'
    return (
        f"<tr>{_answer(one)}<td>{one.reason}</td>"
        f'<td><code class="copy">{escape(line, quote=False)}</code></td></tr>'
    )


def _decided(one: Doubt) -> str:
    said = one.answer.overruled
    told = f"{said.who}, {said.when:%Y-%m-%d}: {said.why}" if said else ""
    counts = "right" if one.answer.correct else "wrong"
    return f"<tr>{_answer(one)}<td>{counts}; {one.reason}</td><td>{escape(told)}</td></tr>"


def _answer(one: Doubt) -> str:
    others = len(one.who) - 1
    more = f" and {counted(others, 'other')}" if others else ""
    text = escape(one.answer.answer) or '<span class="none">nothing</span>'
    return (
        f'<td>{escape(one.answer.question)}<br><span class="count">'
        f"{escape(one.answer.reference)}</span></td>"
        f'<td><span class="text">{text}</span><br><span class="count">{name(one.who[0])}{more}'
        "</span></td>"
    )
