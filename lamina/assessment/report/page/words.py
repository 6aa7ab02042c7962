"""Figures, names and terms as the page writes them. Pure."""

import re
from collections.abc import Iterable
from html import escape

from lamina.assessment.verdicts.verdict import Comparison

NONE = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_WHOLE_MS = 20  # shorter times are shown with a decimal

TERMS = {
    "nat": "A unit of how likely something is: 0.7 nats more is twice as likely, 2.3 nats ten "
    "times. Here always by token, which is a word or a piece of one.",
    "D": "What a layer knows: how much likelier it takes the right answer for than six wrong ones "
    "of the same kind, in nats a token. Over the base, +0.7 is twice as likely, 0 is nothing. The "
    "form of answers gains here, too, so that a layer must also lead those of other topics.",
    "T": "How much lower a layer's loss is on text about its topic that nobody trained on, less "
    "what the other topics' layers gain there, in nats a token. It decides where there are too few "
    "questions.",
    "G": "The share of written answers that are right, in per cent; differences are in points.",
    "knows": "Questions about documents that the layer was trained on: what it can know. Verdicts "
    "count these alone.",
    "transfer": "Questions about documents of its topic that the layer was not trained on: what it "
    "can only infer. They are reported, and part of no verdict.",
    "loss": "How surprising a text is to a layer, in nats a token: lower is better. Held out: "
    "nobody was trained on it.",
    "interval": "Where the figure may lie when luck is counted: beyond either end it is in one of "
    "twenty cases. It counts documents, since questions about one document are not independent.",
    "points": "Percentage points: from 40 to 55 per cent is +15 points.",
    "rank": "The place of the right answer among seven by how likely the layer thinks each; 1 is "
    "the likeliest. By chance it is 1 in one of seven cases.",
}
_SPELLED = re.compile(
    r"\b(?P<nat>nats)\b|\b(?P<D>D)(?= (?:is|on|against|decides)\b)"
    r"|\b(?P<T>T)(?= (?:is|on|against)\b)|\b(?P<G>G)(?= (?:is|on|against)\b)"
)


def term(word: str, of: str = "") -> str:
    """A term that says what it means where the pointer rests."""
    return f'<abbr title="{escape(TERMS[of or word])}">{word}</abbr>'


def explained(text: str) -> str:
    """Text as HTML, its measures and units as terms."""
    return _SPELLED.sub(
        lambda found: term(found[0], found.lastgroup or ""), escape(text, quote=False)
    )


def glossary() -> str:
    """All terms with their meaning."""
    rows = "".join(f"<dt>{word}</dt><dd>{escape(says)}</dd>" for word, says in TERMS.items())
    return f'<dl class="facts">{rows}</dl>'


def name(text: str) -> str:
    """A layer's or blend's name that may break after underscores and plus signs."""
    return escape(text).replace("_", "_<wbr>").replace("+", "<wbr>+ ")


def section(title: str, note: str, body: str, anchor: str = "") -> str:
    """A part of the page; empty text where there is nothing in it."""
    if not body:
        return ""
    note = f'<p class="note">{note}</p>' if note else ""
    at = f' id="{anchor}"' if anchor else ""
    return f"<section{at}><h2>{title}</h2>{note}{body}</section>\n"


def table(kind: str, heads: Iterable[str], rows: Iterable[str]) -> str:
    """A table that scrolls by itself where it is too wide; heads and rows are HTML."""
    head = "".join(f'<th scope="col">{title}</th>' for title in heads)
    return (
        f'<div class="wide" tabindex="0"><table class="{kind}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def row(title: str, cells: Iterable[str]) -> str:
    """A row with its head."""
    rest = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{title}</th>{rest}</tr>'


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def percent(share: float | None) -> str:
    """A share."""
    return NONE if share is None else f"{share:.0%}"


def points(gain: Comparison | None) -> str:
    """A difference of shares, of a comparison."""
    return NONE if gain is None else signed(gain.value)


def nats(value: float | None, digits: int = 2) -> str:
    """A difference in nats, with a true minus sign."""
    return NONE if value is None else f"{value:+.{digits}f}".replace("-", _MINUS)


def signed(share: float) -> str:
    """A difference of shares in points, with a true minus sign."""
    rounded = round(100 * share)
    return f"{rounded:+d}".replace("-", _MINUS) if rounded else "0"


def ms(seconds: float) -> str:
    """Seconds as milliseconds."""
    millis = 1000 * seconds
    return f"{millis:,.0f}" if millis >= _WHOLE_MS else f"{millis:.1f}"


def arrow(before: float | None, after: float | None) -> str:
    """From one figure to another."""
    if before is None or after is None:
        return NONE
    return f"{before:.2f} \N{RIGHTWARDS ARROW} {after:.2f}"
