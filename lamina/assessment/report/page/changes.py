"""What changed since another report, as a part of the page. Pure."""

from collections.abc import Sequence
from html import escape

from lamina.assessment.report.difference import AnswerChange, Difference, FigureChange
from lamina.assessment.report.page.words import NONE, name, nats

_SHOWN = 60  # of each kind; `changes.json` has all
_KINDS = {"lost": "Lost", "won": "Won", "other words": "In other words"}


def changes_section(found: Difference | None) -> str:
    """Verdicts, answers, D, and how it was measured; empty text where nothing was compared."""
    if found is None:
        return ""
    parts = (
        f"<p>{escape(found.sentence)}</p>",
        _verdicts(found),
        *(_answers(found, kind, title) for kind, title in _KINDS.items()),
        _figures([one for one in found.figures if one.measure == "D"]),
        _facts(found),
    )
    return "".join(parts)


def _verdicts(found: Difference) -> str:
    rows = [
        f'<tr><th scope="row">{name(one.name)}</th><td>{escape(one.before or NONE)}</td>'
        f"<td>{escape(one.after or NONE)}</td></tr>"
        for one in found.verdicts
    ]
    return _part("Verdicts", ("Layer", "Before", "Now"), rows)


def _answers(found: Difference, kind: str, title: str) -> str:
    rows = [_answer(one) for one in found.answers if one.kind == kind]
    return _part(f"Answers: {title.lower()}", ("Who", "Question, reference", "Before", "Now"), rows)


def _answer(one: AnswerChange) -> str:
    return (
        f'<tr><th scope="row">{name(one.blend)}</th><td>{escape(one.question)}<br>'
        f'<span class="count">{escape(one.reference)}</span></td>'
        f"<td>{escape(one.before)}</td><td>{escape(one.after)}</td></tr>"
    )


def _figures(found: Sequence[FigureChange]) -> str:
    rows = [
        f'<tr><th scope="row">{name(one.blend)}</th><td>{name(one.topic)}</td>'
        f"<td>{nats(one.before)}</td><td>{nats(one.after)}</td></tr>"
        for one in sorted(found, key=lambda one: -abs(one.after - one.before))
    ]
    return _part("D, in nats a token", ("Who", "On", "Before", "Now"), rows)


def _facts(found: Difference) -> str:
    rows = [
        f'<tr><th scope="row">{escape(fact)}</th><td>{escape(before or NONE)}</td>'
        f"<td>{escape(after or NONE)}</td></tr>"
        for fact, (before, after) in found.facts.items()
    ]
    return _part("How it was measured", ("", "Before", "Now"), rows)


def _part(title: str, heads: Sequence[str], rows: Sequence[str]) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{one}</th>' for one in heads)
    more = len(rows) - _SHOWN
    rest = f"<p>{more} more stand in changes.json.</p>" if more > 0 else ""
    return (
        f'<details class="changed"><summary>{title} <span class="count">{len(rows)}</span>'
        "</summary>"
        f'<div class="wide" tabindex="0"><table class="review"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows[:_SHOWN])}</tbody></table></div>{rest}</details>"
    )
