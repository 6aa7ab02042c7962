"""What a figure is: money with its scale, a share, a price, a count, a time. Else it is left out."""

import re
from typing import Literal, NamedTuple

from lamina.study.facts.cells import Slot
from lamina.study.facts.figures import Figure
from lamina.study.facts.scales import Scales, is_vague

What = Literal["money", "percent", "price", "count", "time", "ratio"]

_PER = re.compile(
    r"\bper\b[\s-]+(?:common\s+|ordinary\s+|diluted\s+|basic\s+|class\s+\w\s+)?(?:share|unit|option|right|award|warrant|ads)|"
    r"\b(?:exercise|strike|share|stock|market|closing|purchase|average)\s+price|\bprice\s+(?:per|paid\s+per)|"
    r"\bgrant[\s-]+date\s+fair\s+value|\beps\b|\b(?:earnings|loss|income)\s*(?:\([^)]*\)\s*)?per\b|\boption price\b",
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
    r"\b(?:shares|units?|options|rsus?|psus?|awards|warrants|rights|employees|number|quantity|headcount|stores|"
    r"properties|facilities|granted|vested|forfeited|exercised|cancell?ed|outstanding|exercisable|nonvested|unvested|"
    r"megawatts?|barrels|tons|gallons|hours|contracts|customers|subscribers|connections|loans)\b",
    re.IGNORECASE,
)
_SHARES = re.compile(r"\b(?:shares|units|options|rsus?|psus?|awards|warrants)\b", re.IGNORECASE)
_MONEY_WORDS = re.compile(
    r"\b(?:costs?|expenses?|income|revenues?|sales|tax(?:es)?|assets?|liabilit(?:y|ies)|debt|payables?|receivables?|"
    r"inventor(?:y|ies)|goodwill|cash|earnings|profit|loss(?:es)?|gains?|depreciation|amortization|provisions?|"
    r"benefits?|interest|dividends?|payments?|notes?|bonds?|securities|equity|capital|fair value|amounts?|balance|"
    r"obligations?|allowances?|reserves?|impairments?|charges?|proceeds|purchases?|investments?|property|equipment|"
    r"land|buildings|machinery|derivatives?|commitments?|premiums?|fees?|credits?|deductions?|contributions?)\b",
    re.IGNORECASE,
)


class Answer(NamedTuple):
    """A figure as an answer says it, or why it cannot be said."""

    text: str = ""
    what: What = "money"
    problem: str = ""


def answer(  # noqa: PLR0913 - what stands around a figure
    slot: Slot,
    *,
    label: str,
    around: str,
    scales: Scales,
    column_money: str,
    money_named: bool,
) -> Answer:
    """The figure with sign, currency, scale and unit, or the problem.

    `label` is the row's with its captions, `around` the column's title; `column_money` the currency
    sign that the column shows above, `money_named` whether the scale names a currency.
    """
    figure = slot.figure
    if figure is None:
        return Answer(problem="no-figure")
    if not figure.is_well_formed:
        return Answer(problem="glued-mark")
    if slot.marked:
        return Answer(problem="unclear-mark")
    said = f"{label} {around}"
    if figure.unit == "%" or (not figure.currency and not figure.unit and _IN_PERCENT.search(said)):
        return _percent(figure)
    if figure.unit in {"year", "years", "month", "months"}:
        return Answer(f"{_signed(figure)} {_unit(figure)}", "time")
    if figure.unit:
        return Answer(f"{_signed(figure)}{'' if figure.unit == 'x' else ' '}{figure.unit}", "ratio")
    if not figure.currency and _IN_YEARS.search(said):
        one = figure.digits in {"1", "1.0"}
        return Answer(f"{_signed(figure)} {'year' if one else 'years'}", "time")
    if _PER.search(said) and not _AGGREGATE.search(said):
        return _price(figure, column_money)
    if figure.currency:
        return _money(figure, figure.currency, said, scales)
    if _SHARE_OF.search(label) or (_TIME.search(label) and not _MONEY_WORDS.search(label)):
        return Answer(problem="no-unit")
    if _SHARES.search(said) or (_COUNT.search(said) and not column_money):
        return _count(figure, said, scales)
    if column_money:
        return _money(figure, column_money, said, scales)
    if money_named or (_MONEY_WORDS.search(said) and scales):
        return _money(figure, "$" if not column_money else column_money, said, scales)
    return Answer(problem="no-unit")


def _signed(figure: Figure, currency: str = "") -> str:
    return f"{currency}({figure.digits})" if figure.negative else f"{currency}{figure.digits}"


def _unit(figure: Figure) -> str:
    one = figure.digits in {"1", "1.0"}
    unit = figure.unit.rstrip("s")
    return unit if one else f"{unit}s"


def _percent(figure: Figure) -> Answer:
    if figure.currency:
        return Answer(problem="no-unit")
    return Answer(f"({figure.digits})%" if figure.negative else f"{figure.digits}%", "percent")


def _price(figure: Figure, column_money: str) -> Answer:
    currency = figure.currency or column_money
    return Answer(_signed(figure, currency), "price") if currency else Answer(problem="no-unit")


def _money(figure: Figure, currency: str, said: str, scales: Scales) -> Answer:
    if is_vague(scales):
        return Answer(problem="vague-scale")
    word = scales.word("money", said.casefold())
    if word is None:
        return Answer(problem="no-scale")
    return Answer(f"{_signed(figure, currency)} {word}".strip(), "money")


def _count(figure: Figure, said: str, scales: Scales) -> Answer:
    if is_vague(scales):
        return Answer(problem="vague-scale")
    word = scales.word("count", said.casefold())
    if word is None:
        if scales and scales.word("money", said.casefold()) is None:
            return Answer(problem="no-scale")
        word = ""  # a scale of money alone, or none: counted as printed
        if not _is_whole(figure):
            return Answer(problem="no-scale")
    return Answer(f"{_signed(figure)} {word}".strip(), "count")


def _is_whole(figure: Figure) -> bool:
    return "." not in figure.digits
