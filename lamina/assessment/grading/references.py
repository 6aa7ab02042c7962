"""Reads what a reference is: a figure, a date, a list, yes or no, a phrase, or abstention."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from lamina.assessment.grading import units
from lamina.assessment.grading.abstention import abstains
from lamina.assessment.grading.asides import is_name, without_comparisons
from lamina.assessment.grading.dates import Date, dates
from lamina.assessment.grading.figures import Figure, figures
from lamina.assessment.grading.lists import only_dates, only_figures
from lamina.assessment.grading.plain import plain
from lamina.assessment.grading.words import FILLER, content
from lamina.assessment.grading.yes_no import reads_as
from lamina.text.questions import Question, QuestionType

# "Fiscal 2021, by $10 million": which of two, and by how much.
_BY = re.compile(r"(?P<subject>.+?),?\s+by\s+(?P<figure>.+)", re.IGNORECASE)
_MOVES = re.compile(
    r"\A\W*(?:fell|rose|decreas\w+|increas\w+|down|up|higher|lower)\b", re.IGNORECASE
)
_AS_OF = re.compile(r"\s+(?:as\s+of|as\s+at|at)\s+\w+\s+\d.*\Z", re.IGNORECASE)
_SCALE_ASKED = re.compile(r"\bin\s+(?:\w+\s+)?(thousand|million|billion)s\b", re.IGNORECASE)
NO_MONEY = "none"  # currency of what counts things: no amount of any currency is as many shares
_DATE_WORDS = frozenset({"since", "until", "till", "ended", "end", "ending"})
_MOST_BESIDE = 2  # words beside a figure that is still no phrase: "approximately 750 positions"
_MOST_BESIDE_NUMBER = 4  # where the question says that it is a number


@dataclass(frozen=True, slots=True)
class Reference:
    """An accepted answer and what it is."""

    kind: QuestionType
    text: str
    figure: Figure | None = None
    date: Date | None = None
    subject: "Reference | None" = None  # which of two, where the figure says by how much


def read_reference(text: str, question: Question) -> Reference:
    """What an accepted answer of the question is; the question's type counts where it can."""
    text, kind = plain(text), question.type
    if kind == "abstain" or (kind is None and abstains(text)):
        return Reference("abstain", text)
    if kind in ("yes_no", None) and re.fullmatch(r"(?:yes|no|true|false)\W*", text, re.IGNORECASE):
        return Reference("yes_no", text)
    if kind == "yes_no":
        return Reference("yes_no" if reads_as(text) is not None else "span", text)
    if kind == "list" or (kind is None and (only_dates(text) or only_figures(text))):
        return Reference("list", text)
    return _single(text, question)


def _single(text: str, question: Question) -> Reference:
    kind = question.type
    if kind in ("date", "span", None) and (date := _only_date(text)):
        return Reference("date", text, date=date)
    by = _BY.fullmatch(without_comparisons(text))
    if kind == "number" and by and not _MOVES.match(text):
        figure = _only_figure(by["figure"], question)
        if figure is not None:
            subject = _single(by["subject"], question.model_copy(update={"type": "span"}))
            return Reference("number", text, figure=figure, subject=subject)
    if kind != "date" and (figure := _only_figure(text, question)):
        return Reference("percent" if figure.share else "number", text, figure=figure)
    return Reference("span", text)


def _only_date(text: str) -> Date | None:
    found = dates(text)
    if len(found) != 1:
        return None
    rest = f"{text[: found[0].start]} {text[found[0].end :]}"
    beside = [word for word in content(rest) if word not in FILLER | _DATE_WORDS]
    return None if beside else found[0]


def _only_figure(text: str, question: Question) -> Figure | None:
    """The one figure that the text is, with the scale and the percent that the question names."""
    text = _AS_OF.sub("", without_comparisons(text))
    found = figures(text)
    if len(found) != 1 or is_name(text, found[0].start, found[0].end):
        return None
    figure = found[0]
    rest = f"{text[: figure.start]} {text[figure.end :]}"
    beside = [word for word in content(rest) if word not in FILLER]
    if beside and not any(c.isdigit() for c in text):  # "one member": a number word in a phrase
        return None
    typed = question.type in ("number", "percent")
    if len(beside) > (_MOST_BESIDE_NUMBER if typed else _MOST_BESIDE):
        return None
    if figure.scale == 1 and not figure.share:
        figure = replace(figure, scale=_asked_scale(question))
    if question.type == "percent" and not figure.share:
        figure = replace(figure, share="percent")
    if _counts_things(question.unit) and not (figure.currency or figure.unit):
        figure = replace(figure, currency=NO_MONEY)
    return figure


def _counts_things(unit: str | None) -> bool:
    """Whether a unit is neither money nor time nor a scale alone: shares."""
    text = f" {unit or ''}"
    named = units.SCALE.match(text)
    rest = text[named.end() :] if named else text
    return bool(rest.strip()) and not (units.CURRENCY.match(rest) or units.TIME.match(rest))


def _asked_scale(question: Question) -> Decimal:
    named = units.SCALE.search(f" {question.unit or ''}")
    if named and named["word"]:
        return units.scale_of(named)
    asked = _SCALE_ASKED.search(question.question)
    return Decimal(10) ** units.SCALES[asked[1].casefold()] if asked else Decimal(1)
