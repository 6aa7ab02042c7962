"""The head of the page: when, which base, what was compared, the result, the files. Pure."""

from collections.abc import Mapping, Sequence
from html import escape

from lamina.assessment.exam.blend import BASE, layer_of, parse_blend
from lamina.assessment.report.page.words import arrow, counted, percent
from lamina.assessment.report.summary import Headline, Summary


def top(summary: Summary, files: Mapping[str, str]) -> str:
    """The header; `files` are names beside the page, with what they hold."""
    return (
        '<header><p class="brand">Lamina</p><h1>What each layer is worth</h1>'
        f'<p class="lede">{escape(summary.headline.sentence)}</p>{_compared(summary)}'
        f"{_cards(summary.headline)}{_files(files)}</header>\n"
    )


def _compared(summary: Summary) -> str:
    made = f"{summary.made.day} {summary.made:%B %Y, %H:%M} UTC" if summary.made else ""
    told = {
        "Made": made,
        "Base": summary.base,
        "Compared": _subjects(summary.blends),
        "Exam": summary.exam.in_words,
        "Sampling": "; ".join(
            f"{name.lower()} {fact}"
            for name, fact in summary.facts.items()
            if name in {"Temperature", "Longest answer"}
        ),
        "Rule": summary.facts.get("Rule", ""),
        "Overruled": summary.facts.get("Overruled", ""),
    }
    rows = "".join(
        f"<dt>{label}</dt><dd>{escape(fact)}</dd>" for label, fact in told.items() if fact
    )
    return f'<dl class="facts compared">{rows}</dl>'


def _subjects(blends: Sequence[str]) -> str:
    """How many of each kind were asked."""
    single = [one for one in blends if one != BASE and len(parse_blend(one).parts) == 1]
    serving = [one for one in single if layer_of(one) != one]
    mixed = len(blends) - len(single) - (BASE in blends)
    parts = (
        "the base" if BASE in blends else "",
        counted(len(single) - len(serving), "layer") if len(single) > len(serving) else "",
        counted(len(serving), "version that serves", "versions that serve") if serving else "",
        counted(mixed, "blend") if mixed else "",
    )
    return ", ".join(filter(None, parts))


def _cards(head: Headline) -> str:
    if not head.layers:
        return ""
    figures = (
        ("the layers, on their own topics", percent(head.correct)),
        ("the base, on the same questions", percent(head.correct_base)),
        (
            "the other topics\N{RIGHT SINGLE QUOTATION MARK} layers, there",
            percent(head.correct_others),
        ),
        ("held-out loss, base \N{RIGHTWARDS ARROW} layer", arrow(head.loss_base, head.loss)),
    )
    cards = "".join(
        f'<div class="card"><dt>{label}</dt><dd>{figure}</dd></div>' for label, figure in figures
    )
    return f'<dl class="cards">{cards}</dl>'


def _files(files: Mapping[str, str]) -> str:
    links = ", ".join(
        f'<a href="{escape(name)}">{escape(name)}</a> ({what})' for name, what in files.items()
    )
    return f'<p class="files">Beside this page: {links}.</p>' if links else ""
