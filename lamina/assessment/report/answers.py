"""Every answer, expandable, topic by topic: equal answers to a question stand together. Pure."""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

from lamina.assessment.report.heatmap import name
from lamina.assessment.report.records import AnswerRecord

_TICK = '<span class="tick" title="right">\N{CHECK MARK}</span>'


def answers_section(topics: Iterable[str], answers: Sequence[AnswerRecord]) -> str:
    """One block a topic; empty text where nothing was asked."""
    if not answers:
        return ""
    by_topic: dict[str, dict[tuple[str, str], list[AnswerRecord]]] = {}
    for answer in answers:
        questions = by_topic.setdefault(answer.topic, {})
        questions.setdefault((answer.question, answer.reference), []).append(answer)
    blocks = "".join(_topic(topic, by_topic[topic]) for topic in topics if topic in by_topic)
    return f'<div id="answers">{blocks}</div>'


def _topic(topic: str, questions: dict[tuple[str, str], list[AnswerRecord]]) -> str:
    count = f"{len(questions)} question{'' if len(questions) == 1 else 's'}"
    body = "".join(
        _question(question, reference, given) for (question, reference), given in questions.items()
    )
    return (
        f'<details class="topic"><summary>{name(topic)} <span class="count">{count}</span>'
        f"</summary>{body}</details>"
    )


def _question(question: str, reference: str, given: Sequence[AnswerRecord]) -> str:
    right = sum(answer.correct for answer in given)
    ordered = sorted(given, key=lambda answer: (not answer.correct, answer.answer))
    groups = (list(same) for _, same in groupby(ordered, key=lambda answer: answer.answer))
    rows = "".join(_group(group) for group in groups)
    return (
        f'<details class="question"><summary>{escape(question)} '
        f'<span class="count">{right} of {len(given)}</span></summary>'
        f'<p class="reference"><b>Reference</b> {escape(reference)}</p>'
        f'<table class="said-by"><tbody>{rows}</tbody></table></details>'
    )


def _group(same: Sequence[AnswerRecord]) -> str:
    first = same[0]
    who = ", ".join(name(answer.blend) for answer in same)
    text = escape(first.answer) or '<span class="none">nothing</span>'
    tick = _TICK if first.correct else ""
    return (
        f'<tr><th scope="row">{who}</th><td class="text">{tick}{text}</td>'
        f'<td class="score">{escape(first.why)}</td></tr>'
    )
