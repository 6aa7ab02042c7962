"""Every answer: layer, serving version and base side by side, all others beneath. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

from lamina.assessment.report.beside import FIGURE, IMPROVED, REGRESSED, SILENT, Beside, Said
from lamina.assessment.report.page.heatmap import topic_anchor
from lamina.assessment.report.page.words import counted, name, term
from lamina.text.questions import Question

SPOKEN = {
    REGRESSED: "regressed",
    IMPROVED: "improved",
    FIGURE: "wrong figure",
    SILENT: "abstained",
}
_UNSEEN = f' <span class="mark">{term("transfer")}</span>'
_SEARCH = "Search in questions and answers"
_TICK = '<span class="tick" title="right">\N{CHECK MARK}</span>'


def answers_section(topics: Sequence[str], asked: Mapping[str, Sequence[Beside]]) -> str:
    """One block a topic; empty text where nothing was asked."""
    if not asked:
        return ""
    blocks = "".join(
        _topic(topic, topic_anchor(topics, topic), asked[topic])
        for topic in topics
        if topic in asked
    )
    return f'{_filters(asked)}<div id="questions">{blocks}</div>'


def _filters(asked: Mapping[str, Sequence[Beside]]) -> str:
    """Shown by the script, which makes them work."""
    every = [one for of in asked.values() for one in of]
    boxes = "".join(
        f'<label><input type="checkbox" name="mark" value="{mark}"> {spoken} '
        f'<span class="count">{sum(mark in one.marks for one in every)}</span></label>'
        for mark, spoken in SPOKEN.items()
    )
    return (
        f'<form class="filters" hidden><input type="search" name="words" aria-label="{_SEARCH}" '
        f'placeholder="{_SEARCH}">'
        f"<fieldset><legend>Only</legend>{boxes}</fieldset>{_parts(every)}"
        '<p class="cell" hidden></p>'
        '<p class="found" role="status"></p></form>'
    )


def _parts(every: Sequence[Beside]) -> str:
    """To choose between what a layer can know and what it cannot, where there is both."""
    counts = Counter(one.proves for one in every)
    if len(counts) == 1:
        return ""
    choices = (("", "all", len(every)), *((part, part, count) for part, count in counts.items()))
    radios = "".join(
        f'<label><input type="radio" name="part" value="{part}"{"" if part else " checked"}> '
        f'{term(spoken) if part else spoken} <span class="count">{count}</span></label>'
        for part, spoken, count in choices
    )
    return f"<fieldset><legend>About documents</legend>{radios}</fieldset>"


def _topic(topic: str, anchor: str, questions: Sequence[Beside]) -> str:
    body = "".join(map(_question, questions))
    count = counted(len(questions), "question")
    return (
        f'<details class="topic" id="{anchor}"><summary>{name(topic)} '
        f'<span class="count">{count}</span></summary>{body}</details>'
    )


def _question(one: Beside) -> str:
    shown = (
        (one.layer, ""),
        (one.serving, "the version that serves"),
        (one.base, ""),
    )
    main = "".join(_main(said, also) for said, also in shown if said)
    return (
        f'<article class="question" data-marks="{" ".join(one.marks)}" data-part="{one.proves}">'
        f"<h3>{escape(one.question)}{_UNSEEN if one.proves == 'transfer' else ''}</h3>"
        f'<p class="reference"><b>Reference</b> {escape(one.reference)}{_aliases(one.asked)}</p>'
        f'{_evidence(one.asked)}<div class="beside">{main}</div>{_others(one.others)}</article>'
    )


def _aliases(asked: Question | None) -> str:
    if asked is None or not asked.aliases:
        return ""
    return f' <span class="count">or {escape("; ".join(asked.aliases))}</span>'


def _evidence(asked: Question | None) -> str:
    """The passage in which the answer stands, with its document and page."""
    if asked is None or not (asked.evidence or asked.file):
        return ""
    page = f", page {asked.page + 1}" if asked.page is not None else ""
    where = f"<cite>{escape(asked.file)}{page}</cite>" if asked.file else ""
    passage = f"<q>{escape(asked.evidence)}</q> " if asked.evidence else ""
    return f'<p class="evidence"><b>Evidence</b> {passage}{where}</p>'


def _main(said: Said, also: str) -> str:
    title = name(said.who[0]) if not also else f"{name(said.who[0])}, {also}"
    rank = _rank(said)
    return (
        f'<div class="said {"right" if said.correct else "wrong"}" {_data(said)}>'
        f'<h4>{title}</h4><p class="text">{_text(said)}</p>'
        f'<p class="why">{_why(said)}{rank}</p></div>'
    )


def _others(others: Sequence[Said]) -> str:
    if not others:
        return ""
    count = sum(len(said.who) for said in others)
    rows = "".join(
        f'<tr class="said" {_data(said)}><th scope="row">{", ".join(map(name, said.who))}</th>'
        f'<td class="text">{_text(said)}</td><td class="why">{_why(said)}</td></tr>'
        for said in others
    )
    right = sum(len(said.who) for said in others if said.correct)
    return (
        f'<details class="others"><summary>{counted(count, "other")}: {right} right</summary>'
        f'<table class="said-by"><tbody>{rows}</tbody></table></details>'
    )


def _data(said: Said) -> str:
    who = escape(" ".join(said.who))
    return f'data-who="{who}" data-marks="{" ".join(said.marks)}" data-key="{said.answer.key}"'


def _text(said: Said) -> str:
    text = escape(said.answer.answer) or '<span class="none">nothing</span>'
    return f"{_TICK if said.correct else ''}{text}"


def _why(said: Said) -> str:
    spoken = [SPOKEN[mark] for mark in said.marks if mark in (REGRESSED, IMPROVED)]
    marks = "".join(f'<span class="mark {word}">{word}</span> ' for word in spoken)
    return f"{marks}{escape(said.answer.why)}"


def _rank(said: Said) -> str:
    if said.choice is None:
        return ""
    of = said.choice.n_others + 1
    return f'; right answer <span class="rank">{said.choice.rank} of {of}</span> by likelihood'
