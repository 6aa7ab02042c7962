"""What changed since another report, as a part of the page. Pure."""

from collections.abc import Sequence
from html import escape

from lamina.assessment.report.difference import AnswerChange, Difference, FigureChange
from lamina.assessment.report.page.words import NONE, name, nats, row, table

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
    rows = [_row(name(one.name), one.before, one.after) for one in found.verdicts]
    return _part("Verdicts", ("Layer", "Before", "Now"), rows)


def _answers(found: Difference, kind: str, title: str) -> str:
    rows = [_answer(one) for one in found.answers if one.kind == kind]
    return _part(f"Answers: {title.lower()}", ("Who", "Question, reference", "Before", "Now"), rows)


def _answer(one: AnswerChange) -> str:
    asked = f'{escape(one.question)}<br><span class="count">{escape(one.reference)}</span>'
    return row(name(one.blend), (asked, escape(one.before), escape(one.after)))


def _figures(found: Sequence[FigureChange]) -> str:
    rows = [
        row(name(one.blend), (name(one.topic), nats(one.before), nats(one.after)))
        for one in sorted(found, key=lambda one: -abs(one.after - one.before))
    ]
    return _part("D, in nats a token", ("Who", "On", "Before", "Now"), rows)


def _facts(found: Difference) -> str:
    rows = [_row(escape(fact), before, after) for fact, (before, after) in found.facts.items()]
    return _part("How it was measured", ("", "Before", "Now"), rows)


def _row(title: str, before: str | None, after: str | None) -> str:
    return row(title, (escape(before or NONE), escape(after or NONE)))


def _part(title: str, heads: Sequence[str], rows: Sequence[str]) -> str:
    if not rows:
        return ""
    more = len(rows) - _SHOWN
    rest = f"<p>{more} more stand in changes.json.</p>" if more > 0 else ""
    return (
        f'<details class="changed"><summary>{title} <span class="count">{len(rows)}</span>'
        f"</summary>{table('review', heads, rows[:_SHOWN])}{rest}</details>"
    )
