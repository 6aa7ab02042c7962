"""Heat maps as HTML tables: one row a blend, one column a topic, the figure in every cell. Pure."""

from collections.abc import Callable, Mapping
from html import escape
from typing import TypeAlias

from lamina.assessment.exam.blend import BASE, own_topics
from lamina.assessment.report.colours import change_step, share_step
from lamina.assessment.report.summary import Cell, Summary

Cells: TypeAlias = Mapping[tuple[str, str], Cell]
Shown: TypeAlias = tuple[str, str, str]  # class, figure, what it means in words


def correct_map(summary: Summary) -> str:
    """Share of right answers; empty text where nothing was asked."""
    cells = _cells(summary)
    if all(cell.correct is None for cell in summary.cells):
        return ""

    def shown(blend: str, topic: str) -> Shown:
        cell = cells[blend, topic]
        if cell.correct is None:
            return "none", "\N{EN DASH}", "not asked"
        figure = f"{cell.correct:.0%}".rstrip("%")
        right = round(cell.correct * cell.n)
        words = f"{right} of {cell.n} right, the reference's words in {cell.contains:.0%}"
        return f"share-{share_step(cell.correct)}", figure, words

    return _map(summary, shown)


def loss_map(summary: Summary) -> str:
    """Held-out loss, coloured by its change from the base; empty text where none was measured."""
    cells = _cells(summary)
    changes = {
        (cell.blend, cell.topic): change
        for cell in summary.cells
        if (change := _change(cells, cell)) is not None
    }
    if all(cell.loss is None for cell in summary.cells):
        return ""
    widest = max((abs(change) for change in changes.values()), default=0.0)

    def shown(blend: str, topic: str) -> Shown:
        cell = cells[blend, topic]
        if cell.loss is None:
            return "none", "\N{EN DASH}", "not measured"
        change = changes.get((blend, topic), 0.0)
        words = f"{cell.loss:.3f} nats per token, {change:+.3f} from the base"
        step = change_step(-change, widest)
        return f"change-{step}", f"{cell.loss:.2f}", words

    return _map(summary, shown)


def name(text: str) -> str:
    """A layer's or blend's name that may break after underscores and plus signs."""
    return escape(text).replace("_", "_<wbr>").replace("+", "<wbr>+ ")


def _map(summary: Summary, shown: Callable[[str, str], Shown]) -> str:
    head = "".join(f'<th scope="col"><span>{name(topic)}</span></th>' for topic in summary.topics)
    body = "".join(_row(summary, blend, shown) for blend in summary.blends)
    return (
        '<div class="wide" tabindex="0"><table class="map"><thead><tr>'
        f'<th scope="col" class="corner">answers \\ topic</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _row(summary: Summary, blend: str, shown: Callable[[str, str], Shown]) -> str:
    own = () if blend == BASE else own_topics(blend, summary.topics)
    marked = own if len(own) < len(summary.topics) else ()
    cells = "".join(
        _cell(shown(blend, topic), f"{blend} on {topic}", own=topic in marked)
        for topic in summary.topics
    )
    return f'<tr><th scope="row">{name(blend)}</th>{cells}</tr>'


def _cell(shown: Shown, place: str, *, own: bool) -> str:
    kind, figure, words = shown
    kind = f"{kind} own" if own else kind
    return f'<td class="{kind}" title="{escape(f"{place}: {words}")}">{figure}</td>'


def _cells(summary: Summary) -> Cells:
    return {(cell.blend, cell.topic): cell for cell in summary.cells}


def _change(cells: Cells, cell: Cell) -> float | None:
    base = cells.get((BASE, cell.topic))
    if base is None or base.loss is None or cell.loss is None:
        return None
    return cell.loss - base.loss
