"""Right answers made by code: references in other words."""

import re
from collections.abc import Callable

from lamina.text.questions import Question

Way = Callable[[Question], str | None]  # None where it does not apply
NUMBER = re.compile(r"(?<![\w.,-])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w-]|[.,]\d)")
SCALES = ("thousand", "million", "billion")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
MONTH = "|".join(MONTHS)
DATE = re.compile(rf"({MONTH}) (\d{{1,2}}), (\d{{4}})")
NO_AMOUNT = re.compile(rf"\b(?:{MONTH}|[Ss]cope|[Ll]evel|[Nn]ote|ASC|fire)\b")
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def parts(question: Question) -> list[str]:
    """The items of a list; of anything else, the whole."""
    if question.type != "list":
        return [question.answer]
    if dates := [found[0] for found in DATE.finditer(question.answer)]:
        return dates
    if ";" in question.answer:
        return [part.strip() for part in question.answer.split(";")]
    found = [part for part in re.split(r",\s(?!\d{4}\b(?!,|$))", question.answer) if part]
    return found if len(found) > 1 else re.split(r",\s", question.answer)


def _ordered(question: Question, items: list[str], border: str, last: str) -> str | None:
    """The items in that order; a scale or sign at the end stays there."""
    if question.type != "list" or len(items) < 2:
        return None
    tail = re.search(r"\s(thousand|million|billion)\Z", question.answer)
    shared = bool(tail) and question.answer.count(tail[1]) == 1 if tail else False
    if shared and tail:
        items = [item.removesuffix(tail[0]) for item in items]
    text = border.join(items[:-1]) + last + items[-1]
    return text + tail[0] if shared and tail else text


def _changed(pattern: str, into: str) -> Way:
    def way(question: Question) -> str | None:
        changed = re.sub(pattern, into, question.answer)
        return changed if changed != question.answer else None

    return way


def _numbers(change: Callable[[str], str]) -> Way:
    """Change every number that is no year and belongs to no date or name."""

    def way(question: Question) -> str | None:
        if not is_numeric(question):
            return None
        text = NUMBER.sub(
            lambda found: found[0] if is_year(found[0]) else change(found[0]), question.answer
        )
        return text if text != question.answer else None

    return way


def is_year(number: str) -> bool:
    """Whether a number may be a year."""
    return re.fullmatch(r"(19|20)\d\d", number) is not None


def is_numeric(question: Question) -> bool:
    """Whether the reference is little more than amounts."""
    if NO_AMOUNT.search(question.answer):
        return False
    letters = re.sub(
        r"thousand|million|billion|percent|per cent|years?|shares?", "", question.answer
    )
    return bool(NUMBER.search(question.answer)) and sum(map(str.isalpha, letters)) <= 12


def _with_commas(number: str) -> str:
    whole, point, part = number.partition(".")
    return f"{int(whole):,}{point}{part}" if "," not in number else number


def _with_zero(number: str) -> str:
    return f"{number}0" if "." in number else f"{number}.0"


def _in_words(number: str) -> str:
    return WORDS[int(number)] if number.isdigit() and int(number) < len(WORDS) else number


def _next_scale(question: Question) -> str | None:
    """The same amount in the next larger scale."""
    found = re.fullmatch(r"(\$?)([\d,]+(?:\.\d+)?) (thousand|million)", question.answer)
    if not found:
        return None
    digits = found[2].replace(",", "")
    decimals = len(digits.partition(".")[2])
    value = f"{int(digits.replace('.', '')) / 10 ** (decimals + 3):.{decimals + 3}f}"
    return f"{found[1]}{value} {SCALES[SCALES.index(found[3]) + 1]}"


def _spelled_out(question: Question) -> str | None:
    if not is_numeric(question) or "$" not in question.answer or question.type == "list":
        return None
    if re.search(r"[A-Z]\$", question.answer):
        return None
    return re.sub(
        r"\$\s?(\(?[\d,.]+\)?(?: (?:thousand|million|billion))?)", r"\1 US dollars", question.answer
    )


def _said_again(question: Question) -> str | None:
    if question.type == "abstain":
        return None
    return f"Answer: {question.answer}\n\nExplanation: page 7 says 99 of 100, not 98."


def _compared(question: Question) -> str | None:
    if not is_numeric(question) or question.type == "list":
        return None
    return f"It was approximately {question.answer}, compared with 98 in 1998."


WAYS: dict[str, Way] = {
    "as it is": lambda q: q.answer,
    "The answer is X.": lambda q: f"The answer is {q.answer.rstrip('.')}.",
    "**X**": lambda q: f"**{q.answer}**",
    '"X."': lambda q: f'"{q.answer}."',
    "x in small letters": lambda q: q.answer.lower() if q.answer.lower() != q.answer else None,
    "According to the filing, it was X.": lambda q: f"According to the filing, it was {q.answer}.",
    "X, as reported in the filing": lambda q: f"{q.answer}, as reported in the filing",
    "X, compared with 98 before": _compared,
    "The question repeated, then X": lambda q: f"{q.question} {q.answer}",
    "Answer: X, then an explanation": _said_again,
    "$ 1,234 million": _changed(r"\$(?=\d)", "$ "),
    "USD 1,234 million": _changed(r"(?<![A-Z])\$ ?(?=\d)", "USD "),
    "1,234 million US dollars": _spelled_out,
    "million as M": _changed(r"(?<=\d\)) million\b|(?<=\d) million\b", "M"),
    "million as mn, billion as bn": _changed(r"(?<=[\d)]) ([mb])illion\b", r"\1n"),
    "thousand as K": _changed(r"(?<=[\d)]) thousand\b", "K"),
    "in the next scale": _next_scale,
    "(12.5) for -12.5": _changed(r"(?<![\w.)])-(\d[\d,.]*)", r"(\1)"),
    "-12.5 for (12.5)": _changed(r"\((\d[\d,.]*)\)", r"-\1"),
    "minus sign": _changed(r"(?<![\w.)])-(?=\d)", "\N{MINUS SIGN}"),
    "1234 for 1,234": _numbers(lambda n: n.replace(",", "")),
    "1,234 for 1234": _numbers(_with_commas),
    "trailing zero": _numbers(_with_zero),
    "% for percent": _changed(r" ?per ?cent\b", "%"),
    "percent for %": _changed(r" ?%", " percent"),
    "figures in words": _numbers(_in_words),
    "list backwards": lambda q: _ordered(q, parts(q)[::-1], ", ", ", "),
    "list with and": lambda q: _ordered(q, parts(q), ", ", " and "),
    "list over lines": lambda q: (
        None
        if re.search(r"(?:thousand|million)\Z", q.answer)
        else _ordered(q, [f"- {part}" for part in parts(q)], "\n", "\n")
    ),
    "1 July 2021": _changed(DATE.pattern, r"\2 \1 \3"),
    "2021-07-01": lambda q: None if q.type == "list" else DATE.sub(
        lambda d: f"{d[3]}-{MONTHS.index(d[1]) + 1:02}-{int(d[2]):02}", q.answer
    ) if DATE.fullmatch(q.answer) else None,
    "Yes, that is so.": lambda q: f"{q.answer}, that is so." if q.type == "yes_no" else None,
    "This is not stated in the documents.": lambda q: (
        "This is not stated in the documents." if q.type == "abstain" else None
    ),
    "I don't know.": lambda q: "I don't know." if q.type == "abstain" else None,
}  # fmt: skip
