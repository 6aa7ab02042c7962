"""The loss curve as an SVG: training and held-out, the best step marked, no times in it.

Equal curves give equal bytes, so the picture may be part of an artifact. Its colours follow the
reader's choice of light or dark, also where a page embeds it as an image.
"""

import math
from collections.abc import Sequence
from html import escape

from lamina.training.curve import MEASURES, Curve, Losses, Measure, best, measured, smoothed

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 44, 40
MAX_POINTS = 600  # more steps than that are drawn as every n-th
STYLE = """
svg{font:12px system-ui,sans-serif;background:#fff}
text{fill:#333}.title{font-size:14px;font-weight:600}.axis{stroke:#999}.grid{stroke:#e4e4e4}
.raw{stroke:#a9c6ea}.train{stroke:#1f6fc4}.held{stroke:#c2410c}.dot{fill:#c2410c}.best{stroke:#333}
polyline{fill:none;stroke-width:1.8}.raw{stroke-width:1}
@media (prefers-color-scheme:dark){svg{background:#16181c}text{fill:#d6d6d6}.axis{stroke:#777}
.grid{stroke:#2b2e34}.raw{stroke:#2f4a6b}.train{stroke:#6aa9f0}.held{stroke:#f59e6b}
.dot{fill:#f59e6b}.best{stroke:#d6d6d6}}
"""


def loss_picture(title: str, curve: Curve, before: Losses, measure: Measure) -> str:
    """The curve as SVG text; `before` are the losses of the bare base, drawn at step 0."""
    train = [(int(entry["step"] or 0), float(entry["train_loss"] or 0.0)) for entry in curve]
    begun = before[measure]
    held = ([(0, begun)] if begun is not None else []) + measured(curve, measure)
    scale = _Scale(curve, [loss for _, loss in train + held])
    found = best(curve, measure)
    mean = list(zip((step for step, _ in train), smoothed([y for _, y in train]), strict=True))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="{LEFT}" y="20">{escape(title)}</text>',
        f'<text x="{LEFT}" y="36">{escape(_legend(curve, measure, begun, found))}</text>',
        *_grid(scale),
        _line("raw", train, scale),
        _line("train", mean, scale),
        _line("held", held, scale),
        *(f'<circle class="dot" cx="{scale.x(s)}" cy="{scale.y(y)}" r="3"/>' for s, y in held),
    ]
    if found:
        x = scale.x(found[0])
        ends = f'x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"'
        parts.append(f'<line class="best" stroke-dasharray="3 3" {ends}/>')
    return "\n".join([*parts, "</svg>"]) + "\n"


class _Scale:
    def __init__(self, curve: Curve, losses: Sequence[float]) -> None:
        self.steps = max(len(curve), 1)
        self.low, self.high = 0.0, max((y for y in losses if math.isfinite(y)), default=1.0) or 1.0

    def x(self, step: int) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * step / self.steps, 1)

    def y(self, loss: float) -> float:
        share = (loss - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share, 1)


def _legend(
    curve: Curve, measure: Measure, before: float | None, found: tuple[int, float] | None
) -> str:
    said = [f"training loss (blue), {len(curve)} steps"]
    if found:
        began = "" if before is None else f"from {before:.3f} "
        said.append(
            f"{MEASURES[measure]} (orange) {began}to {found[1]:.3f} at step {found[0]}, the best"
        )
    return "; ".join(said) + "; nats a token"


def _grid(scale: _Scale) -> list[str]:
    lines = []
    for loss in _ticks(scale.high):
        y = scale.y(loss)
        lines += [
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>',
            f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{loss:g}</text>',
        ]
    foot = HEIGHT - BOTTOM
    lines.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{foot}" y2="{foot}"/>')
    for step in _ticks(scale.steps):
        if step == int(step):
            x = scale.x(int(step))
            lines.append(f'<text x="{x}" y="{foot + 18}" text-anchor="middle">{int(step):,}</text>')
    return [*lines, f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">step</text>']


def _ticks(high: float) -> list[float]:
    """Four to eight round numbers from 0 to `high`."""
    size = 10 ** math.floor(math.log10(high))
    step = next(part * size for part in (0.1, 0.2, 0.5, 1, 2) if high / (part * size) <= 8)  # noqa: PLR2004
    return [round(step * i, 10) for i in range(int(high / step) + 1)]


def _line(name: str, points: Sequence[tuple[int, float]], scale: _Scale) -> str:
    every = max(1, math.ceil(len(points) / MAX_POINTS))
    chosen = [*points[:-1:every], *points[-1:]]
    drawn = " ".join(f"{scale.x(s)},{scale.y(y)}" for s, y in chosen if math.isfinite(y))
    return f'<polyline class="{name}" points="{drawn}"/>'
