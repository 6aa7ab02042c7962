"""Words of a text in one spelling, figures among them, and which of them say nothing."""

import re
import unicodedata

from lamina.assessment.grading.dates import dates
from lamina.assessment.grading.figures import figures

_WORD = re.compile(r"#[^\s#]+#|[^\W_]+")
_BRACKETS = re.compile(r"\s*\(([^()]*)\)")
EMPTY = frozenset({
    "a", "an", "the", "of", "to", "in", "on", "at", "by", "for", "with", "from", "as", "and", "or",
    "was", "were", "is", "are", "be", "been", "being", "it", "its", "their", "that", "this",
    "these", "those", "there", "through", "during", "per", "which", "has", "have", "had", "would",
    "will", "s", "t",
})  # fmt: skip
# Words that ask, as `words` spells them.
ASKING = frozenset({
    "what", "how", "many", "much", "who", "whom", "whose", "when", "where", "why", "do", "doe",
    "did", "can", "could", "any",
})  # fmt: skip
# Words with which an answer is introduced or rounded off.
FILLER = EMPTY | {
    "according", "based", "report", "reported", "filing", "note", "statement", "document", "annual",
    "year", "fiscal", "company", "answer", "following", "respectively", "total", "amount", "value",
    "namely", "approximately", "about", "around", "roughly", "nearly", "usd", "eur", "gbp", "both",
    "all", "include", "included", "including", "consist", "comprise", "comprised", "comprising",
    "they", "we", "our", "mainly", "primarily", "because", "due", "so", "yes",
}  # fmt: skip


def words(text: str) -> list[str]:
    """Words without case, accents, plural and punctuation; a figure or a date is one word."""
    text = _with_figures(text).replace("&", " and ").replace("'s ", " ")
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return [_stem(word) for word in _WORD.findall(bare.casefold())]


def content(text: str) -> list[str]:
    """The words without those that only join others."""
    return [word for word in words(text) if word not in EMPTY]


def is_figure(word: str) -> bool:
    """Whether a word of `words` is a figure or a date."""
    return word.startswith("#")


def find(part: list[str], whole: list[str]) -> int:
    """Where a run of words begins within others; -1 where it does not stand there."""
    width = len(part)
    return next((at for at in range(len(whole) - width + 1) if whole[at : at + width] == part), -1)


def variants(text: str) -> list[str]:
    """Ways to write a name: with and without what is in brackets, and an abbreviation alone."""
    short = [found for found in _BRACKETS.findall(text) if found.isupper() and " " not in found]
    return [one for one in dict.fromkeys((text, _BRACKETS.sub("", text).strip(), *short)) if one]


def _stem(word: str) -> str:
    if is_figure(word) or len(word) < 4 or not word.endswith("s") or word.endswith("ss"):  # noqa: PLR2004
        return word
    return word[:-3] + "y" if word.endswith("ies") else word[:-1]


def _with_figures(text: str) -> str:
    """The text with each date and figure as one word between `#`."""
    timed = [d for d in dates(text) if not d.is_year]
    spelled = {
        (d.start, d.end): f"{d.year or ''}q{d.quarter or ''}m{d.month or ''}d{d.day or ''}"
        for d in timed
    }
    for one in figures(text):
        if not any(one.start < d.end and d.start < one.end for d in timed):
            sign = "-" if one.sign == "-" else ""
            unit = {"": one.unit, "percent": "%", "points": "pp"}[one.share]
            spelled[one.start, one.end] = f"{sign}{one.value.normalize():f}{unit}"
    for (start, end), word in sorted(spelled.items(), reverse=True):
        text = f"{text[:start]} #{word}# {text[end:]}"
    return text
