"""Heat maps as HTML tables: one row a blend, one column a topic, the figure in every cell. Pure.

Columns bear numbers, so that many of them fit a page; a legend says what they stand for. A cell
leads to its answers. Colours of differences run to a value that nine of ten do not reach, of all
cells and of those of layers on their own topics: one outlier does not pale the others.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from html import escape
from typing import TypeAlias

from lamina.assessment.exam.blend import BASE, own_topics
from lamina.assessment.report.cell import Cell
from lamina.assessment.report.page.colours import change_step, share_step
from lamina.assessment.report.page.words import NONE, name, nats
from lamina.assessment.report.summary import Summary

Shown: TypeAlias = tuple[str, str, str]  # class, figure, what it means in words
_NINE_OF_TEN = 0.9
LEAST_SCALE = 0.05  # nats: differences below it are not blown up to full colour


def topic_anchor(topics: Collection[str], topic: str) -> str:
    """Where a topic's answers stand on the page."""
    return f"topic-{list(topics).index(topic) + 1}"


def correct_map(summary: Summary, answered: Collection[str]) -> str:
    """Share of right answers; empty text where nothing was asked."""
    if all(cell.correct is None for cell in summary.cells):
        return ""
    return _map(summary, answered, "Right answers, in per cent", _correct)


def knows_map(summary: Summary, answered: Collection[str]) -> str:
    """D over the base, of the base itself; empty text where it was not measured."""
    gains = [(cell, cell.gain_d) for cell in summary.cells if cell.gain_d is not None]
    if not gains:
        return ""
    widest = _widest(summary, gains)

    def shown(cell: Cell) -> Shown:
        if cell.d is None:
            return "none", NONE, "not measured"
        first = f"the right answer likeliest in {cell.first:.0%} of {cell.n_choices}"
        if cell.gain_d is None:
            return "plain", f"{cell.d:.1f}", f"D {cell.d:.2f} nats a token, {first}"
        words = f"D {cell.d:.2f} nats a token, {nats(cell.gain_d)} from the base; {first}"
        return f"change-{change_step(cell.gain_d, widest)}", nats(cell.gain_d, 1), words

    return _map(summary, answered, "D over the base, in nats a token", shown) + _scale_note(
        gains, widest
    )


def loss_map(summary: Summary, answered: Collection[str]) -> str:
    """Held-out loss, coloured by its change from the base; empty text where none was measured."""
    if all(cell.loss is None for cell in summary.cells):
        return ""
    gains = [(cell, cell.gain_loss) for cell in summary.cells if cell.gain_loss is not None]
    widest = _widest(summary, gains)

    def shown(cell: Cell) -> Shown:
        if cell.loss is None:
            return "none", NONE, "not measured"
        if cell.gain_loss is None:
            return "plain", f"{cell.loss:.2f}", f"{cell.loss:.3f} nats a token"
        words = f"{cell.loss:.3f} nats a token, {nats(-cell.gain_loss, 3)} from the base"
        return f"change-{change_step(cell.gain_loss, widest)}", f"{cell.loss:.2f}", words

    return _map(summary, answered, "Held-out loss, in nats a token", shown) + _scale_note(
        gains, widest
    )


def scale(gains: Iterable[float], own: Iterable[float] = ()) -> float:
    """The difference that gets the full colour: nine of ten are smaller, here and there."""
    sizes = (sorted(map(abs, values)) for values in (gains, own))
    return max([LEAST_SCALE, *(of[int(_NINE_OF_TEN * (len(of) - 1))] for of in sizes if of)])


def _widest(summary: Summary, gains: Sequence[tuple[Cell, float]]) -> float:
    own = (gain for cell, gain in gains if cell.topic in own_topics(cell.blend, summary.topics))
    return scale((gain for _, gain in gains), own)


def _scale_note(gains: Collection[tuple[Cell, float]], widest: float) -> str:
    beyond = sum(abs(gain) > widest for _, gain in gains)
    more = f"; {beyond} of {len(gains)} cells lie beyond it and look the same" if beyond else ""
    return (
        '<p class="scale"><span class="change-0">worse</span> <span class="change-5">as the base'
        f'</span> <span class="change-10">better</span> Full colour from {widest:.2f} nats a token '
        f"on{more}.</p>"
    )


def _correct(cell: Cell) -> Shown:
    if cell.correct is None:
        return "none", NONE, "not asked"
    right = round(cell.correct * cell.n)
    words = f"{right} of {cell.n} right, the reference's words in {cell.contains or 0:.0%}"
    if cell.correct_unseen is not None:
        unseen = round(cell.correct_unseen * cell.n_unseen)
        words += f"; of documents that its layer never saw {unseen} of {cell.n_unseen}"
    return f"share-{share_step(cell.correct)}", f"{cell.correct:.0%}".rstrip("%"), words


def _map(
    summary: Summary, answered: Collection[str], title: str, shown: Callable[[Cell], Shown]
) -> str:
    head = "".join(
        f'<th scope="col" title="{escape(topic)}"><span aria-hidden="true">{number}</span>'
        f'<span class="hidden">{escape(topic)}</span></th>'
        for number, topic in enumerate(summary.topics, start=1)
    )
    body = "".join(_row(summary, answered, blend, shown) for blend in summary.blends)
    legend = "".join(f"<li>{name(topic)}</li>" for topic in summary.topics)
    return (
        f'<div class="wide"><table class="map" role="grid" aria-label="{title}"><thead><tr>'
        f'<th scope="col" class="corner">answers \\ asked about</th>{head}</tr></thead>'
        f'<tbody>{body}</tbody></table></div><ol class="legend">{legend}</ol>'
    )


def _row(
    summary: Summary, answered: Collection[str], blend: str, shown: Callable[[Cell], Shown]
) -> str:
    own = () if blend == BASE else own_topics(blend, summary.topics)
    marked = own if len(own) < len(summary.topics) else ()
    by_topic = {cell.topic: cell for cell in summary.cells if cell.blend == blend}
    cells = "".join(
        _cell(
            by_topic[topic],
            shown(by_topic[topic]),
            topic_anchor(summary.topics, topic) if topic in answered else "",
            own=topic in marked,
        )
        for topic in summary.topics
    )
    number = f"{summary.topics.index(blend) + 1} " if blend in summary.topics else ""
    return f'<tr><th scope="row">{number}{name(blend)}</th>{cells}</tr>'


def _cell(cell: Cell, shown: Shown, anchor: str, *, own: bool) -> str:
    kind, figure, words = shown
    kind = f"{kind} own" if own else kind
    label = escape(f"{cell.blend} on {cell.topic}: {words}")
    if not anchor or not cell.n + cell.n_unseen:
        return f'<td class="{kind}" title="{label}"><span aria-label="{label}">{figure}</span></td>'
    return (
        f'<td class="{kind}" title="{label}"><a href="#{anchor}" data-blend="{escape(cell.blend)}" '
        f'data-topic="{anchor}" aria-label="{label}">{figure}</a></td>'
    )
