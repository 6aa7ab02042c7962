"""What a figure is: money with its scale, a share, a price, a count, a time; else nothing."""

import re
from typing import NamedTuple

from lamina.study.facts.fact import What
from lamina.study.facts.tables.cells import Slot
from lamina.study.facts.tables.figures import Figure
from lamina.study.facts.tables.scales import Scales, is_vague

_PER = re.compile(
    r"\bper\b[\s-]+(?:common\s+|ordinary\s+|diluted\s+|basic\s+|class\s+\w\s+)?"
    r"(?:share|unit|option|right|award|warrant|ads)|"
    r"\b(?:exercise|strike|share|stock|market|closing|purchase|average)\s+price|\bprice\s+(?:per|paid\s+per)|"
    r"\bgrant[\s-]+date\s+fair\s+value|\beps\b|\boption price\b|"
    r"\b(?:earnings|loss|income)\s*(?:\([^)]{0,40}\)\s*)?per\b",
    re.IGNORECASE,
)
_AGGREGATE = re.compile(r"\b(?:aggregate|total|intrinsic)\b", re.IGNORECASE)
_SHARE_OF = re.compile(
    r"\b(?:rates?|percent(?:age)?s?|yields?|volatility|margin|ratio|return on plan)\b|%",
    re.IGNORECASE,
)
_IN_PERCENT = re.compile(r"\(%\)|\(in percent(?:age)?s?\)|\bpercent(?:age)?\b|\s%\Z", re.IGNORECASE)
_IN_YEARS = re.compile(r"\((?:in\s+)?years?\)|\bin years\b", re.IGNORECASE)
_TIME = re.compile(
    r"\b(?:terms?|li(?:fe|ves)|periods?|duration|maturity|years|months|days|age)\b", re.IGNORECASE
)
_COUNT = re.compile(
    r"\b(?:number\s+of|shares|units|options|rsus?|psus?|awards|warrants|employees|headcount)\b",
    re.IGNORECASE,
)
_STRONG_COUNT = re.compile(r"\b(?:number\s+of|shares)\b", re.IGNORECASE)
_MONEY_WORDS = re.compile(
    r"\b(?:costs?|expenses?|income|revenues?|sales|tax(?:es)?|assets?|liabilit(?:y|ies)|debt|"
    r"payables?|receivables?|inventor(?:y|ies)|goodwill|cash|earnings|profit|loss(?:es)?|gains?|"
    r"depreciation|amortization|provisions?|benefits?|interest|dividends?|payments?|notes?|bonds?|"
    r"securities|equity|capital|fair value|amounts?|balance|obligations?|allowances?|reserves?|"
    r"impairments?|charges?|proceeds|purchases?|investments?|property|equipment|land|buildings|"
    r"machinery|derivatives?|commitments?|premiums?|fees?|credits?|deductions?|contributions?)\b",
    re.IGNORECASE,
)


_CENTS = 2  # decimals of a price
_LONG = 7  # characters of a count that needs no scale: 100,000


class Answer(NamedTuple):
    """A figure as an answer says it, or why it cannot be said."""

    text: str = ""
    what: What = "money"
    problem: str = ""


class Around(NamedTuple):
    """What stands around a figure."""

    label: str  # the row's own
    captions: str  # that it stands under
    title: str  # of its column
    context: str  # what the table is of
    scales: Scales
    column_money: str  # the currency sign that the column shows above, or empty
    page_money: str  # the only currency of the page, or empty

    @property
    def all(self) -> str:
        """All of the words."""
        return f"{self.captions} {self.label} {self.title}"


def answer(slot: Slot, around: Around) -> Answer:
    """The figure with sign, currency, scale and unit, or the problem."""
    figure = slot.figure
    if figure is None:
        return Answer(problem="no-figure")
    if not figure.is_well_formed:
        return Answer(problem="glued-mark")
    if slot.marked:
        return Answer(problem="unclear-mark")
    if figure.unit:
        return _with_unit(figure)
    if figure.currency:
        is_price = _is_price(figure, around)
        return _price(figure, "") if is_price else _money(figure, figure.currency, around)
    return _bare(figure, around)


def _bare(figure: Figure, around: Around) -> Answer:
    """A figure without sign or unit of its own: the words around it have to tell."""
    if _IN_PERCENT.search(around.all):
        return _percent(figure)
    if _IN_YEARS.search(around.all):
        return Answer(f"{_signed(figure)} {_unit(figure, 'years')}", "time")
    if _is_count(around):
        return _count(figure, around)
    if _is_price(figure, around):
        return _price(figure, around.column_money)
    if _SHARE_OF.search(around.label) or _is_time(around.label):
        return Answer(problem="no-unit")
    if currency := around.column_money or _likely_currency(around):
        return _money(figure, currency, around)
    return Answer(problem="no-unit")


def _likely_currency(around: Around) -> str:
    """The page's only currency, where a scale and the words leave no doubt; empty elsewhere."""
    if not around.scales or _STRONG_COUNT.search(around.context):
        return ""
    is_named = any(one.of == "money" for one in around.scales.said)
    return around.page_money if is_named or _MONEY_WORDS.search(around.all) else ""


def _is_count(around: Around) -> bool:
    """Whether it counts shares and the like; awards have costs, too."""
    own = f"{around.label} {around.title}"
    if _PER.search(own):
        return False
    if _STRONG_COUNT.search(own):
        return True
    is_money = around.column_money or _MONEY_WORDS.search(f"{own} {around.context}")
    return _COUNT.search(own) is not None and not is_money


def _is_time(label: str) -> bool:
    return _TIME.search(label) is not None and _MONEY_WORDS.search(label) is None


def _is_price(figure: Figure, around: Around) -> bool:
    """Whether it is of one share: by its own words, or by a caption and its cents."""
    own = f"{around.label} {around.title}"
    if _AGGREGATE.search(own):
        return False
    if _PER.search(own):
        return True
    return figure.decimals >= _CENTS and _PER.search(around.captions) is not None


def _with_unit(figure: Figure) -> Answer:
    if figure.unit == "%":
        return _percent(figure)
    if figure.unit in {"year", "years", "month", "months"}:
        return Answer(f"{_signed(figure)} {_unit(figure, figure.unit)}", "time")
    return Answer(f"{_signed(figure)}{'' if figure.unit == 'x' else ' '}{figure.unit}", "ratio")


def _signed(figure: Figure, currency: str = "") -> str:
    if figure.negative and not figure.bracketed:
        return f"-{currency}{figure.digits}"
    return f"{currency}({figure.digits})" if figure.negative else f"{currency}{figure.digits}"


def _unit(figure: Figure, unit: str) -> str:
    return unit.rstrip("s") if figure.digits in {"1", "1.0"} else f"{unit.rstrip('s')}s"


def _percent(figure: Figure) -> Answer:
    if figure.currency:
        return Answer(problem="no-unit")
    return Answer(f"{_signed(figure)}%", "percent")


def _price(figure: Figure, column_money: str) -> Answer:
    currency = figure.currency or column_money
    return Answer(_signed(figure, currency), "price") if currency else Answer(problem="no-unit")


def _money(figure: Figure, currency: str, around: Around) -> Answer:
    word, problem = _scale("money", figure, around)
    if word is None:
        return Answer(problem=problem)
    return Answer(f"{_signed(figure, currency)} {word}".strip(), "money")


def _count(figure: Figure, around: Around) -> Answer:
    word, problem = _scale("count", figure, around)
    if word is None:
        is_of_money = bool(around.scales) and all(one.of == "money" for one in around.scales.said)
        is_long = len(figure.digits) >= _LONG and not around.scales
        if problem == "vague-scale" or "." in figure.digits or not (is_of_money or is_long):
            return Answer(problem=problem)
    return Answer(f"{_signed(figure)} {word or ''}".strip(), "count")


def _scale(what: str, figure: Figure, around: Around) -> tuple[str | None, str]:
    """The scale's word, or none with the problem.

    A caption such as "Earnings per share:" excepts what has cents, not the income that is divided.
    """
    if is_vague(around.scales):
        return None, "vague-scale"
    by_share = any(re.search(r"\bper\b", one.exceptions) for one in around.scales.said)
    if by_share and figure.decimals >= _CENTS:  # cents are of a share, whose row does not say so
        return None, "vague-scale"
    own = around.scales.word(what, f"{around.label} {around.title}".casefold())
    if own != around.scales.word(what, around.all.casefold()) and figure.decimals:
        return None, "vague-scale"
    return own, "no-scale"
