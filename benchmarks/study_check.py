"""Holds study rows against their page, without anything of the maker's: words and places alone.

pdfplumber reads the page again. A row of a table is right if some place of the page has its figure
with its sign, on a line whose words the question names, under the year that it names, with the
nearest scale above it. A row of a sentence is right if the page says the sentence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

YEAR = re.compile(r"\b(?:19|20)\d\d\b")
SCALE = re.compile(r"(thousand|million|billion)s?\b", re.IGNORECASE)
OF_REPORT = re.compile(r"in the (?:fiscal )?(?:19|20)\d\d report", re.IGNORECASE)  # not of a column
WORDS = re.compile(r"[a-z]+")
FIGURE = re.compile(r"\d[\d,.]*")
AMOUNT = re.compile(r"\$?\s?\d[\d,.]*\s?(?:thousand|million|billion|%|percent|years)")
BRACKET = re.compile(r"\([^()]*(?:thousand|million|billion)s[^()]*\)", re.IGNORECASE)
FIRST_PERSON = {"we", "our", "us", "the", "company", "corporation", "registrant", "s"}
LINE_PT = 3.0  # by which words of one line may differ in height
FAR_PT = 90.0  # beside a figure, beyond which a year is not its head
FAR_LINES = 45  # above a figure, in which its head stands
SIMILAR = 0.8  # of a line's words that the question must name


@dataclass(frozen=True)
class Word:
    """A printed word with its place."""

    text: str
    left: float
    right: float
    top: float


@dataclass(frozen=True)
class Verdict:
    """Whether a row is right, and what is not."""

    is_right: bool
    why: str = ""


class Sheet:
    """A page's words, line by line."""

    def __init__(self, page: Any) -> None:  # noqa: ANN401 - pdfplumber has no types
        found = page.extract_words(x_tolerance_ratio=0.15)
        words = sorted(
            (Word(w["text"], w["x0"], w["x1"], (w["top"] + w["bottom"]) / 2) for w in found),
            key=lambda word: (word.top, word.left),
        )
        self.lines: list[list[Word]] = []
        for word in words:
            if self.lines and abs(self.lines[-1][0].top - word.top) <= LINE_PT:
                self.lines[-1].append(word)
            else:
                self.lines.append([word])
        for line in self.lines:
            line.sort(key=lambda word: word.left)
        self.text = " ".join(word.text for line in self.lines for word in line)


def check(row: Any, sheet: Sheet) -> Verdict:  # noqa: ANN401 - a row of any maker
    """The verdict on a row."""
    if "one-answer" in row.checks:  # a table's
        return _is_in_table(row, sheet)
    is_quoted = "this statement from" in row.question or "report says:" in row.question
    if is_quoted or row.kind in {"definition", "continuation"}:
        return _is_said(row, sheet)
    return _is_stated(row, sheet)


def _plain(text: str) -> list[str]:
    return WORDS.findall(text.casefold().replace("\u2019", "'"))


# Tables


def _is_in_table(row: Any, sheet: Sheet) -> Verdict:  # noqa: ANN401
    """A reverse row's answer is the item: there the figure stands in the question."""
    is_reverse = FIGURE.search(row.answer) is None or "stood at" in row.question
    question = OF_REPORT.sub("", row.question)
    asked, said = (row.answer, question) if is_reverse else (question, row.answer)
    if is_reverse:
        stated = re.search(r"stood at (.+?)(?: (?:in|for|at|as of|on|under) .*)?\?$", question)
        if not stated:
            return Verdict(is_right=False, why="reverse without figure")
        said, asked = stated[1], f"{question} {row.answer}"
    digits = FIGURE.search(said)
    if not digits:
        return Verdict(is_right=False, why="no figure")
    reasons = []
    for place, line in enumerate(sheet.lines):
        for index, word in enumerate(line):
            if digits[0].rstrip(".,") in [f.rstrip(".,") for f in FIGURE.findall(word.text)]:
                why = _wrong(sheet, place, index, asked, said, digits[0])
                if not why:
                    return Verdict(is_right=True)
                reasons.append(why)
    return Verdict(is_right=False, why="; ".join(dict.fromkeys(reasons)) or "figure not on page")


def _wrong(  # noqa: PLR0913, PLR0917 - a place and what is asked of it
    sheet: Sheet, place: int, index: int, asked: str, said: str, digits: str
) -> str:
    """What speaks against this place of the figure; empty where nothing does."""
    line = sheet.lines[place]
    if _is_negative(line, index, digits) != bool(re.search(r"\(\d|-\d", said)):
        return "sign"
    if not _names_line(sheet, place, asked):
        return "label"
    if why := _wrong_year(sheet, place, index, asked):
        return why
    return _wrong_scale(sheet, place, asked, said)


def _is_negative(line: Sequence[Word], index: int, digits: str) -> bool:
    text = line[index].text
    before = text[: text.find(digits.rstrip(".,"))]
    if not before.strip("$\u20ac") and index and line[index].left - line[index - 1].right < 6:
        before = line[index - 1].text[-2:] + before
    return before.rstrip("$\u20ac ").endswith(("(", "-", "\u2212")) or "($" in before


def _names_line(sheet: Sheet, place: int, asked: str) -> bool:
    """Whether the question names the words of the line that the figure stands on."""
    label = []
    for word in sheet.lines[place]:
        if FIGURE.fullmatch(word.text.strip("$()%")) and not YEAR.fullmatch(word.text.strip(",")):
            break
        label.append(word.text)
    text = BRACKET.sub("", " ".join(label))
    words = [word for word in _plain(text) if len(word) > 1]
    known = set(_plain(asked))
    if words and "".join(_plain(text)) in "".join(_plain(asked)):
        return True  # small print is read with gaps within its words
    if not words:
        years = YEAR.findall(" ".join(label))
        return bool(years) and years[0] in asked
    return sum(word in known for word in words) >= SIMILAR * len(words)


def _wrong_year(sheet: Sheet, place: int, index: int, asked: str) -> str:
    """The years of the question: over the figure, on its line, or said in the lines above."""
    asked_years = set(YEAR.findall(asked))
    if not asked_years:
        return ""
    line = sheet.lines[place]
    own = set(YEAR.findall(" ".join(word.text for word in line)))
    word = line[index]
    missing = asked_years - own
    if not missing:
        return ""
    for above in range(place - 1, max(-1, place - FAR_LINES), -1):
        head = sheet.lines[above]
        if missing <= set(YEAR.findall(" ".join(one.text for one in head))) and not _is_head(head):
            return ""  # a sentence says it of the whole table
        if not _is_head(head):
            continue
        years = YEAR.findall(" ".join(one.text for one in head))
        if len(years) == 1 and set(years) == missing:
            return ""  # a date over all columns, or over the rows
        nearest = min(head, key=lambda one: _apart(one, word))
        if not YEAR.fullmatch(nearest.text.strip(",()*")) or _apart(nearest, word) > FAR_PT:
            continue
        found = nearest.text.strip(",()*")
        return "" if found in missing else f"year {found} over it"
    said = " ".join(
        one.text for above in sheet.lines[max(0, place - FAR_LINES) : place] for one in above
    )
    return "" if missing <= set(YEAR.findall(said)) else "year nowhere above"


def _is_head(line: Sequence[Word]) -> bool:
    """Whether a line of words and years names columns: no other figures, no sentence."""
    text = re.sub(r"\(\w\)", "", " ".join(word.text for word in line))
    figures = [f for f in FIGURE.findall(text) if not YEAR.fullmatch(f.strip(".,"))]
    days = re.findall(r"[A-Z][a-z]+\.? \d{1,2},", text)
    return len(figures) <= len(days) and not text.endswith((".", ":")) and len(line) <= 30


def _apart(head: Word, figure: Word) -> float:
    """Heads stand over a column's middle, figures at its right: from either, whichever is less."""
    return min(
        abs(head.right - figure.right),
        abs((head.left + head.right - figure.left - figure.right) / 2),
    )


def _wrong_scale(sheet: Sheet, place: int, asked: str, said: str) -> str:
    scale = SCALE.search(said)
    is_money = any(sign in said for sign in "$\u20ac\u00a3")
    if "%" in said or "year" in said or "month" in said:
        return "" if "%" in sheet.text or "year" in sheet.text.casefold() else "unit"
    own = SCALE.search(" ".join(word.text for word in sheet.lines[place]))
    above = own
    for line in () if own else sheet.lines[place::-1]:
        text = "".join(word.text for word in line)
        if found := re.search(r"(thousand|million|billion)s", text, re.IGNORECASE):
            above = found
            break
    word = (above[1] if above else "").casefold()
    if scale:
        return "" if scale[1].casefold() == word else f"scale {word or 'none'} above"
    if is_money and word and not re.search(r"\bper\b|price|fair value|eps", asked, re.IGNORECASE):
        return f"scale {word} left out"
    return ""


# Sentences


def _said_words(text: str) -> list[str]:
    """Words and figures, those aside with which a company speaks of itself."""
    found = re.findall(r"[a-z]+|\d[\d,.]*\d|\d", text.casefold())
    return [word for word in found if word not in FIRST_PERSON]


def _is_said(row: Any, sheet: Sheet) -> Verdict:  # noqa: ANN401
    quoted = re.search(r"\"(.*)\"", row.question)
    parts = [row.answer]
    if quoted and row.kind in {"cloze", "continuation"}:
        text = quoted[1].removesuffix("...")
        parts = [text.replace("____", row.answer) if "____" in text else f"{text} {row.answer}"]
    company = set(_plain(row.subject.split(",", maxsplit=1)[0]))
    page = [word for word in _said_words(sheet.text) if word not in company]
    for part in parts:
        words = [word for word in _said_words(part) if word not in company]
        if not words or not _runs(words, page):
            return Verdict(is_right=False, why="not said so")
    return Verdict(is_right=True)


def _runs(words: Sequence[str], page: Sequence[str]) -> bool:
    """Whether the words stand one after the other; a verb may have another ending."""
    size = len(words)
    for start in range(len(page) - size + 1):
        if all(_same(a, b) for a, b in zip(words, page[start : start + size], strict=True)):
            return True
    return False


def _same(one: str, other: str) -> bool:
    if one == other or {one, other} in ({"has", "have"}, {"is", "are"}, {"was", "were"}):
        return True
    if one[:1].isdigit() or other[:1].isdigit():
        return False
    return {one, other} & {f"{one}s", f"{other}s", f"{one}es", f"{other}es"} != set()


def _is_stated(row: Any, sheet: Sheet) -> Verdict:  # noqa: ANN401
    """An amount of a sentence: figure and year at the same place of the page's lists."""
    digits = FIGURE.search(row.answer)
    asked = YEAR.findall(row.question)
    if not digits or not asked:
        return Verdict(is_right=False, why="no figure or year")
    for sentence in re.split(r"(?<=[a-z0-9)]\.)\s+(?=[A-Z])", sheet.text):
        if _states(sentence, row, digits[0], asked[-1]):
            return Verdict(is_right=True)
    return Verdict(is_right=False, why="not stated so")


def _states(sentence: str, row: Any, digits: str, year: str) -> bool:  # noqa: ANN401
    """Whether a sentence gives the figure for the year, of what the question names."""
    amounts = AMOUNT.findall(sentence)
    years = YEAR.findall(sentence)
    held = [place for place, one in enumerate(amounts) if digits in FIGURE.findall(one)]
    if not held or not years:
        return False
    known = set(_plain(row.question))
    begin = re.split(r"\b(?:was|were|is|are|totaled)\b", sentence)[0]
    subject = [word for word in _plain(begin) if len(word) > 2]
    names = sum(word in known for word in subject) >= 0.6 * len(subject)
    scale = SCALE.search(row.answer)
    scales = not scale or any(scale[1] in amounts[place] for place in held)
    of_year = [years[place] if len(years) == len(amounts) else years[-1] for place in held]
    return names and scales and year in of_year
