"""Grades one answer against one reference. Pure; English text and decimal points only.

Numbers are compared by value wherever they stand: `1,200`, `$1200.0` and `1.2 thousand` are one
number, `12 %`, `12 percent` and `0.12` are one number, and an answer that is nothing but `(1,200)`
is the accountant's -1200. A decimal comma (`1.200,50`) is not understood.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

_SCALES = {
    "%": Decimal("0.01"),
    "percent": Decimal("0.01"),
    "thousand": Decimal(10**3),
    "million": Decimal(10**6),
    "billion": Decimal(10**9),
}
_NUMBER = re.compile(
    r"(?P<sign>[-+]?)[$€£¥]?(?P<whole>\d{1,3}(?:,\d{3})+|\d{1,30})?(?P<part>\.\d{1,30})?(?P<end>%?)\Z"
)
_IN_BRACKETS = re.compile(r"\(([$€£¥]?\d[\d,.]*)\)\Z")
_TRAILING = ".,;:!?"
_ARTICLES = {"a", "an", "the"}
_SPELLINGS = str.maketrans({"\N{MINUS SIGN}": "-", "\N{RIGHT SINGLE QUOTATION MARK}": "'"})


@dataclass(frozen=True, slots=True)
class Grade:
    """How well an answer agrees with its reference."""

    exact: bool  # equal after normalisation
    contains: bool  # the reference's words stand in the answer, in order and together
    f1: float  # 0 to 1: overlap of words


def grade(answer: str, reference: str) -> Grade:
    """All grades of an answer."""
    return Grade(
        exact=exact_match(answer, reference),
        contains=contains(answer, reference),
        f1=token_f1(answer, reference),
    )


def exact_match(answer: str, reference: str) -> bool:
    """Equality after normalisation of case, white space, numbers and trailing punctuation."""
    return _normal(answer) == _normal(reference)


def token_f1(answer: str, reference: str) -> float:
    """Harmonic mean of precision and recall over words, as a bag: SQuAD's F1.

    With c words in common, precision p = c / words of the answer, recall r = c / words of the
    reference, F1 = 2pr / (p + r); articles and punctuation do not count; where either side is
    empty, 1 if both are, else 0. Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine
    Comprehension of Text", section 6.1, and its evaluation script. Here numbers are first brought
    to one spelling (see the module).
    """
    given, wanted = _words(answer), _words(reference)
    if not given or not wanted:
        return float(given == wanted)
    common = sum((Counter(given) & Counter(wanted)).values())
    return 2 * common / (len(given) + len(wanted))


def contains(answer: str, reference: str) -> bool:
    """Whether the reference's words stand in the answer, in order and with none between."""
    given, wanted = _words(answer), _words(reference)
    if not wanted:
        return not given
    width = len(wanted)
    return any(given[at : at + width] == wanted for at in range(len(given) - width + 1))


def _normal(text: str) -> str:
    pieces = _pieces(text)
    normal = " ".join(pieces).rstrip(_TRAILING + " ")
    return normal or " ".join(pieces)


def _words(text: str) -> list[str]:
    bare = (piece if _is_number(piece) else _without_punctuation(piece) for piece in _pieces(text))
    return [word for word in bare if word and word not in _ARTICLES]


def _pieces(text: str) -> list[str]:
    """Case-folded pieces between white space, numbers in one spelling, scale words taken in."""
    plain = unicodedata.normalize("NFKC", text).translate(_SPELLINGS).casefold().strip()
    in_brackets = _IN_BRACKETS.match(plain.rstrip(_TRAILING))
    if in_brackets:
        plain = f"-{in_brackets[1]}"
    pieces: list[str] = []
    value: Decimal | None = None  # of the number that the last piece is
    for piece in plain.split():
        core = piece.rstrip(_TRAILING)
        if value is not None and core in _SCALES:
            value, tail = value * _SCALES[core], piece[len(core) :]
            pieces[-1] = _spelled(value) + tail
            value = None if tail else value
            continue
        number = _number(core)
        tail = piece[len(core) :]
        pieces.append(piece if number is None else _spelled(number) + tail)
        value = None if tail else number
    return pieces


def _number(text: str) -> Decimal | None:
    match = _NUMBER.match(text)
    if match is None or not (match["whole"] or match["part"]):
        return None
    whole = (match["whole"] or "0").replace(",", "")
    value = Decimal(f"{match['sign']}{whole}{match['part'] or ''}")
    return value * _SCALES["%"] if match["end"] else value


def _spelled(value: Decimal) -> str:
    """The shortest plain spelling: no exponent, no trailing zeros, no minus zero."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"", "-0", "-"} else text


def _is_number(piece: str) -> bool:
    return _number(piece) is not None


def _without_punctuation(piece: str) -> str:
    core = piece.strip("\"'()[]{}" + _TRAILING)
    number = _number(core)
    if number is not None:
        return _spelled(number)
    return "".join(sign for sign in piece if not unicodedata.category(sign).startswith("P"))
