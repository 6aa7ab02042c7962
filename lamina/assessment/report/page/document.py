"""The report as one HTML file: nothing is fetched, and it reads without JavaScript. Pure."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from lamina.assessment.report.beside import beside
from lamina.assessment.report.difference import Difference
from lamina.assessment.report.page import auto as auto_part
from lamina.assessment.report.page import review as review_part
from lamina.assessment.report.page import verdicts as verdicts_part
from lamina.assessment.report.page.answers import answers_section
from lamina.assessment.report.page.changes import changes_section
from lamina.assessment.report.page.colours import stylesheet
from lamina.assessment.report.page.heatmap import correct_map, knows_map, loss_map
from lamina.assessment.report.page.top import top
from lamina.assessment.report.page.words import NONE, glossary, ms, name, row, section, table, term
from lamina.assessment.report.records import AnyRecord
from lamina.assessment.report.review import overruled, review_queue
from lamina.assessment.report.speed import Speed
from lamina.assessment.report.summary import Summary
from lamina.text.questions import Question

_FOLDER = Path(__file__).parent


def page(
    summary: Summary,
    records: Sequence[AnyRecord],
    questions: Sequence[Question] = (),
    *,
    changes: Difference | None = None,
    files: Mapping[str, str] | None = None,
) -> str:
    """The whole document; `questions` as the exam has them, with their evidence."""
    style = (_FOLDER / "report.css").read_text(encoding="utf-8") + stylesheet()
    script = (_FOLDER / "report.js").read_text(encoding="utf-8")
    asked = beside(records, questions)
    sections = (
        top(summary, files or {}),
        section("What changed", "", changes_section(changes)),
        section(
            "Verdicts",
            verdicts_part.NOTE,
            verdicts_part.verdicts(summary.worths, summary.trend) if summary.worths else "",
        ),
        section("Right answers, in per cent", _CORRECT_NOTE, correct_map(summary, asked)),
        section(
            f"Knows: {term('D')} over the base, in {term('nats', 'nat')} a token",
            _KNOWS_NOTE,
            knows_map(summary, asked),
        ),
        section(
            f"Held-out {term('loss')}, in {term('nats', 'nat')} a token",
            _LOSS_NOTE,
            loss_map(summary, asked),
        ),
        section("Every answer, side by side", _ANSWERS_NOTE, answers_section(summary.topics, asked),
                "answers"),
        section(
            "To be looked at",
            review_part.NOTE,
            review_part.review_section(review_queue(records)),
        ),
        section(
            "Overruled",
            review_part.OVERRULED_NOTE,
            review_part.overruled_section(overruled(records)),
        ),
        section("Found by what is asked", auto_part.NOTE, auto_part.auto_section(summary.auto)),
        section("Speed", _SPEED_NOTE, _speeds(summary.speeds)),
        section("How this was measured", "", _facts(summary.facts)),
        section("Words", "", glossary()),
    )  # fmt: skip
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>What each layer is worth</title><style>\n{style}</style></head>\n"
        f"<body><main>{''.join(sections)}</main><script>\n{script}</script></body></html>\n"
    )


_CELLS = (
    "A cell leads to its answers: click it, or go there with the arrow keys and press Enter; "
    "Escape leads back."
)
_CORRECT_NOTE = (
    "Rows answer, columns ask; the numbers are explained beneath. Outlined: a layer on its own "
    "topic. An answer counts when it gives what the reference gives, however it is said: a figure "
    f"by value, unit and sign, a date, a list in any order. {_CELLS}"
)
_KNOWS_NOTE = (
    "How much likelier right answers became against wrong ones of their kind, on the questions "
    "that both were asked; of the base itself, how likely they are to begin with. Blue is better "
    "than the base, orange is worse."
)
_LOSS_NOTE = (
    "On text that no layer was trained on; lower is better. Blue is better than the base, "
    "orange is worse."
)
_SPEED_NOTE = "Measured from here, over HTTP, while this report was made."
_ANSWERS_NOTE = (
    "The layer of the topic, the version that serves in its place where there is one, and the "
    "base. Regressed and improved are against what serves, or against the base where nothing does. "
    "Questions that the layer lost come first. A tick marks right answers; beside each stands why "
    "it was graded so."
)


def _speeds(speeds: Sequence[Speed]) -> str:
    if not speeds:
        return ""
    heads = ("", "Questions", "First token, ms<br>p50", "<br>p95", "Whole answer, ms<br>p50",
             "<br>p95", "Tokens per second")  # fmt: skip
    rows = (
        row(
            name(one.blend),
            (
                str(one.n),
                *map(ms, (one.first_token_s_p50, one.first_token_s_p95)),
                *map(ms, (one.total_s_p50, one.total_s_p95)),
                NONE if one.tokens_per_s is None else f"{one.tokens_per_s:,.1f}",
            ),
        )
        for one in speeds
    )
    return table("speeds", heads, rows)


def _facts(facts: Mapping[str, str]) -> str:
    rows = "".join(f"<dt>{escape(key)}</dt><dd>{escape(fact)}</dd>" for key, fact in facts.items())
    return f'<dl class="facts">{rows}</dl>' if rows else ""
