"""From pages to an outcome: pure scoring, with every part of the score on show.

Common function words and characters without meaning decide. The share of letters does not: honest
financial tables are half figures. Length is never punished. Measured on filings: English text has
at least 25 % function words, garbled text at most 11 %, other languages at most 5 %.
"""

import re
from collections import Counter
from dataclasses import dataclass
from math import hypot

from pydantic import BaseModel, ConfigDict, Field

from lamina.corpus.languages import function_words
from lamina.pages import Page, Pages

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_MOST_WHEN_REFUSED = 59
_SAME_LETTERS = 0.93  # measured: English lists 0.97, Czech 0.87, garbled fonts 0.5
_MIN_WORDS_TO_JUDGE = 40  # below, shares of words say nothing


class VerdictSettings(BaseModel):
    """What counts as text worth training on."""

    model_config = ConfigDict(frozen=True)

    language: str = Field("en", description="language of the corpus; `any` accepts every one")
    min_characters: int = Field(200, ge=1, description="below, a document is too short")
    min_function_words: float = Field(0.11, description="share of words; below, refused")
    good_function_words: float = Field(0.25, description="share of words that earns full marks")
    max_bad_characters: float = Field(0.05, description="share; above, the text is garbled")


@dataclass(frozen=True)
class Measures:
    """The figures that decide."""

    characters: int
    alpha_ratio: float
    function_word_share: float
    bad_character_share: float
    words: int
    readable_page_share: float
    is_list: bool  # hardly any sentences, but in the letters of the pages that have some


@dataclass(frozen=True)
class Outcome:
    """The decision, before it is tied to a document."""

    recommended: bool
    score: int
    parts: dict[str, int]
    reasons: tuple[str, ...]
    sentence: str


def measure(pages: Pages, settings: VerdictSettings) -> Measures:
    """The document's figures."""
    text = pages.text
    solid = sum(not char.isspace() for char in text)
    bad = sum(page.bad for page in pages.pages)
    words = [word.lower() for word in _WORD.findall(text)]
    common = function_words(settings.language)
    function = sum(word in common for word in words) if common else len(words)
    full = [page for page in pages.pages if page.kind != "blank"]
    readable = sum(page.kind in {"text", "table"} for page in full)
    return Measures(
        characters=len(text),
        alpha_ratio=sum(map(str.isalpha, text)) / max(1, solid),
        function_word_share=function / max(1, len(words)),
        bad_character_share=bad / max(1, solid + bad),
        words=len(words),
        readable_page_share=readable / max(1, len(full)),
        is_list=_is_list(pages, common, settings.good_function_words),
    )


def _is_list(pages: Pages, common: frozenset[str], good: float) -> bool:
    """Whether the pages without sentences are written in the letters of those with sentences.

    Directories and tables of names have few function words. What tells them from another language
    or from a font without meaning is a page of prose, and that letters are as frequent elsewhere.
    """
    prose: Counter[str] = Counter()
    other: Counter[str] = Counter()
    for page in pages.pages:
        words = [word.lower() for word in _WORD.findall(page.text)]
        share = sum(word in common for word in words) / max(1, len(words))
        is_prose = len(words) >= _MIN_WORDS_TO_JUDGE and share >= good
        (prose if is_prose else other).update("".join(words))
    return bool(prose) and _cosine(prose, other) > _SAME_LETTERS


def _cosine(first: Counter[str], second: Counter[str]) -> float:
    """Cosine of the angle between two tables of counts: 1 for equal shares, 0 for none shared."""
    product = sum(count * second[letter] for letter, count in first.items())
    lengths = [hypot(*counter.values()) for counter in (first, second)]
    return product / (lengths[0] * lengths[1]) if all(lengths) else 0.0


def judge(pages: Pages, settings: VerdictSettings) -> tuple[Outcome, Measures]:
    """Accept, accept with warnings, or refuse for one reason."""
    if pages.questions:
        full = Outcome(True, 100, {}, pages.notes, _questions_sentence(len(pages.questions)))  # noqa: FBT003 - a record
        return full, measure(pages, settings)
    measures = measure(pages, settings)
    parts = _parts(measures, settings)
    score = sum(parts.values())
    if reason := _refusal(pages, measures, settings):
        score = min(score, _MOST_WHEN_REFUSED)
        sentence = _refusal_sentence(reason, pages, settings)
        return Outcome(False, score, parts, (reason,), sentence), measures  # noqa: FBT003 - a record
    warnings = tuple(_warnings(pages, measures, settings))
    return Outcome(True, score, parts, warnings, _accepted_sentence(pages, warnings)), measures  # noqa: FBT003 - a record


def _parts(measures: Measures, settings: VerdictSettings) -> dict[str, int]:
    span = settings.good_function_words - settings.min_function_words
    language = (measures.function_word_share - settings.min_function_words) / span
    cleanness = 1 - measures.bad_character_share / settings.max_bad_characters
    amount = measures.characters / (2 * settings.min_characters)
    shares = {
        "language": (40, language),
        "clean characters": (30, cleanness),
        "readable pages": (20, measures.readable_page_share),
        "enough text": (10, amount),
    }
    return {name: round(most * min(1.0, max(0.0, part))) for name, (most, part) in shares.items()}


def _refusal(pages: Pages, measures: Measures, settings: VerdictSettings) -> str | None:
    if pages.problem:
        return pages.problem
    kinds = Counter(page.kind for page in pages.pages)
    if not measures.characters or not kinds["text"] + kinds["table"] + kinds["garbled"]:
        return "no_text"
    if "xfa" in pages.notes and measures.characters < 2000 * len(pages.pages):
        return "xfa_form"
    if measures.bad_character_share > settings.max_bad_characters:
        return "garbled_text"
    if measures.words < _MIN_WORDS_TO_JUDGE or measures.characters < settings.min_characters:
        return "too_short"
    if measures.function_word_share < settings.min_function_words and not measures.is_list:
        return "language"
    return None


def _warnings(pages: Pages, measures: Measures, settings: VerdictSettings) -> list[str]:
    kinds = Counter(page.kind for page in pages.pages)
    many = len(pages.pages) / 4
    found = {
        "partial": "partial" in pages.notes,
        "many_blank_pages": kinds["blank"] > many,
        "scanned_pages": kinds["scanned"] > 0,
        "garbled_pages": kinds["garbled"] > 0,
        "mostly_lists": measures.function_word_share < settings.min_function_words,
        "repaired": "repaired" in pages.notes,
    }
    return [code for code, holds in found.items() if holds]


_REFUSALS = {
    "not_pdf": "Not a PDF: {detail}. Fetch it again.",
    "not_text": "Not a text file: {detail}. Convert it to PDF or UTF-8 text.",
    "unreadable": "The file cannot be read: {detail}. Give read permission and run again.",
    "corrupt": "Damaged: {detail}. Fetch it again, or print it to a new PDF.",
    "encrypted": "Locked: {detail}. Save a copy without a password.",
    "no_pages": "Empty: {detail}.",
    "no_text": "No text: its pages ({pages}) are pictures or blank. "
    "Run text recognition (OCR) on it.",
    "garbled_text": "The text has no meaning: its fonts do not say which characters they draw. "
    "Run text recognition (OCR) on it.",
    "language": "The text is not in the language {language}. "
    "Choose its language, or `any` to take every one.",
    "xfa_form": "A dynamic form that only one program can show. Print it to a new PDF.",
    "too_short": "Too short to learn from: {characters} characters.",
    "too_large": "Too large: {detail}. Split it, or raise the limit.",
    "timeout": "Took too long: {detail}. Print it to a new PDF, or raise the limit.",
    "memory": "Took too much memory: {detail}. Print it to a new PDF, or raise the limit.",
    "no_questions": "No questions: {detail}. Name the fields `question` and `answer`.",
}
_WARNINGS = {
    "partial": "parts of it could not be read",
    "many_blank_pages": "many pages are blank",
    "scanned_pages": "some pages are pictures without text",
    "garbled_pages": "some pages have text without meaning and are left out",
    "mostly_lists": "it holds lists more than sentences",
    "repaired": "the file was damaged and has been repaired for reading",
}


def _refusal_sentence(reason: str, pages: Pages, settings: VerdictSettings) -> str:
    return _REFUSALS[reason].format(
        detail=pages.detail,
        pages=len(pages.pages),
        language=settings.language,
        characters=len(pages.text),
    )


def _accepted_sentence(pages: Pages, warnings: tuple[str, ...]) -> str:
    told = "; ".join(_WARNINGS[code] for code in warnings)
    count = _counted(sum(map(_has_text, pages.pages)), "page")
    return f"Accepted: {count} with text" + (f" ({told})." if told else ".")


def _questions_sentence(count: int) -> str:
    return f"Accepted: {_counted(count, 'question')} with answers."


def _has_text(page: Page) -> bool:
    return page.kind in {"text", "table"}


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
