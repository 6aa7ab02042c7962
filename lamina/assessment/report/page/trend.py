"""A layer's versions as a small line: right answers, or D where nothing was asked. Pure."""

from collections.abc import Sequence
from html import escape

from lamina.assessment.report.page.words import nats, percent
from lamina.assessment.report.trend import Point

_WIDE, _HIGH, _EDGE = 160, 36, 5
_BECAME = {
    "promote": "promoted", "hold": "held", "rollback": "put back", "found": "served before",
}  # fmt: skip
_FEW = 2  # points that make a line


def trend_line(points: Sequence[Point]) -> str:
    """All versions with their words, and a line through what was measured of them."""
    if len(points) < _FEW:
        return ""
    before = (f"<code>{escape(point.version)}</code> {_told(point)}" for point in points[:-1])
    told = "; ".join([*before, f"now {_told(points[-1])}"])
    return f'<p class="trend"><b>Versions</b> {_line(points)} {told}</p>'


def _told(point: Point) -> str:
    day = f"{point.when:%Y-%m-%d} " if point.when else ""
    figures = [f"{percent(point.correct)} right"] if point.correct is not None else []
    figures += [f"D {nats(point.d)}"] if point.d is not None else []
    figures += [f"loss {point.loss:.2f}"] if point.loss is not None else []
    became = f", {_BECAME[point.decision]}" if point.decision in _BECAME else ""
    return f"{day}{escape(point.word)}{became}: {', '.join(figures) or 'nothing measured'}"


def _line(points: Sequence[Point]) -> str:
    """The measure that most versions have; the scale is that of what is shown."""
    series = {
        "right answers": [point.correct for point in points],
        "D over the base": [point.d for point in points],
        "loss": [point.loss for point in points],
    }
    what = max(series, key=lambda key: sum(value is not None for value in series[key]))
    known = [(at, value) for at, value in enumerate(series[what]) if value is not None]
    if len(known) < _FEW:
        return ""
    low, high = min(value for _, value in known), max(value for _, value in known)
    step = (_WIDE - 2 * _EDGE) / (len(points) - 1)
    places = [
        (_EDGE + at * step, _HIGH - _EDGE - (value - low) / (high - low or 1) * (_HIGH - 2 * _EDGE))
        for at, value in known
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{4 if at == len(places) - 1 else 2.5}"/>'
        for at, (x, y) in enumerate(places)
    )
    label = f"{what} over {len(points)} versions"
    return (
        f'<svg class="line" viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{label}">'
        f'<title>{label}</title><polyline points="{path}"/>{dots}</svg>'
    )
