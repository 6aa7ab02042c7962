"""From pages to an outcome: pure scoring, with every part of the score on show.

Common function words and characters without meaning decide. The share of letters does not: honest
financial tables are half figures. Length is never punished. Measured on filings: English text has
at least 25 % function words, garbled text at most 11 %, other languages at most 5 %.
"""

from collections import Counter

from pydantic import BaseModel, ConfigDict, Field

from lamina.corpus.languages import function_words
from lamina.corpus.measures import MIN_WORDS_TO_JUDGE, Measures, measure
from lamina.text.pages import Page, Pages
from lamina.text.verdicts import Judgement

_MOST_WHEN_REFUSED = 59
_MOST_GARBLED_PAGES = 0.5  # share; with fewer, they are left out and the others are taken
_PLACEHOLDER = 2000  # characters of a page below which a form's page is only a placeholder


class VerdictSettings(BaseModel):
    """What counts as text worth training on."""

    model_config = ConfigDict(frozen=True)

    language: str = Field("en", description="language of the corpus; `any` accepts every one")
    min_characters: int = Field(200, ge=1, description="below, a document is too short")
    min_function_words: float = Field(0.11, description="share of words; below, refused")
    good_function_words: float = Field(0.25, description="share of words that earns full marks")
    max_bad_characters: float = Field(0.05, description="share; above, the text is garbled")


def judge(pages: Pages, settings: VerdictSettings) -> Judgement:
    """Accept, accept with warnings, or refuse for one reason."""
    common = function_words(settings.language)
    measures = measure(pages, common, settings.good_function_words)
    if pages.questions:
        left = f"; left out: {pages.detail}" if pages.detail else ""
        count = _counted(len(pages.questions), "question")
        sentence = f"Accepted: {count} with answers{left}."
        return _judgement(pages, measures, {"questions": 100}, pages.notes, sentence)
    parts = _parts(measures, settings)
    if reason := _refusal(pages, measures, settings):
        sentence = _refusal_sentence(reason, pages, measures, settings)
        refused = _judgement(pages, measures, parts, (reason,), sentence)
        score = min(refused.score, _MOST_WHEN_REFUSED)
        return refused.model_copy(update={"recommended": False, "score": score})
    warnings = tuple(_warnings(pages, measures, settings))
    return _judgement(pages, measures, parts, warnings, _accepted_sentence(pages, warnings))


def _judgement(
    pages: Pages,
    measures: Measures,
    parts: dict[str, int],
    reasons: tuple[str, ...],
    sentence: str,
) -> Judgement:
    return Judgement(
        recommended=True,
        score=sum(parts.values()),
        parts=parts,
        reasons=reasons,
        sentence=sentence,
        pages=len(pages.pages),
        page_kinds=dict(sorted(Counter(page.kind for page in pages.pages).items())),
        readers=dict(sorted(Counter(page.reader for page in pages.pages).items())),
        characters=measures.characters,
        alpha_ratio=round(measures.alpha_ratio, 4),
        function_word_share=round(measures.function_word_share, 4),
        bad_character_share=round(measures.bad_character_share, 4),
        confidence=_confidence(pages),
        created=pages.created,
    )


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
    if measures.garbled_page_share > _MOST_GARBLED_PAGES:
        return "garbled_text"
    if not measures.characters:
        return "no_text"
    if "xfa" in pages.notes and measures.characters < _PLACEHOLDER * len(pages.pages):
        return "xfa_form"
    if measures.words < MIN_WORDS_TO_JUDGE or measures.characters < settings.min_characters:
        return "no_text" if _is_stamped_scan(pages) else "too_short"
    if measures.function_word_share < settings.min_function_words and not measures.is_list:
        return "language"
    return None


def _is_stamped_scan(pages: Pages) -> bool:
    """Whether the little text there is stands on pages that are pictures, mostly."""
    return sum(page.kind == "scanned" for page in pages.pages) > len(pages.pages) / 2


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
        "recognised": _confidence(pages) is not None,
    }
    return [code for code, holds in found.items() if holds]


_REFUSALS = {
    "not_pdf": "Not a PDF: {detail}. Fetch it again.",
    "not_text": "Not a text file: {detail}. Convert it to PDF or UTF-8 text.",
    "unreadable": "The file cannot be read: {detail}. Check its permissions, and run again.",
    "corrupt": "Damaged: {detail}. Fetch it again, or print it to a new PDF.",
    "encrypted": "Locked: {detail}. Save a copy without a password.",
    "no_pages": "Empty: {detail}.",
    "no_text": "No text: its pages ({pages}) are pictures or blank. "
    "Pictures are read with text recognition (--ocr).",
    "garbled_text": "The text has no meaning: its fonts do not say which characters they draw. "
    "Run text recognition (OCR) on it.",
    "language": "The text is not in the language {language}. "
    "Name its language (--language), or `any` to take every one.",
    "xfa_form": "A dynamic form that only one program can show. Print it to a new PDF.",
    "too_short": "Too short to learn from: {characters} characters.",
    "too_large": "Too large: {detail}. Split it.",
    "timeout": "Took too long: {detail}. Split it, or print it to a new PDF.",
    "memory": "Took too much memory: {detail}. Split it, or print it to a new PDF.",
    "no_questions": "No questions: {detail}. Name the fields `question` and `answer`.",
}
_WARNINGS = {
    "partial": "parts of it could not be read",
    "many_blank_pages": "many pages are blank",
    "scanned_pages": "some pages are pictures without text",
    "garbled_pages": "some pages have text without meaning and are left out",
    "mostly_lists": "it holds lists more than sentences",
    "recognised": "some pages are pictures whose text was recognised",
    "repaired": "the file was damaged and has been repaired for reading",
}


def _refusal_sentence(
    reason: str, pages: Pages, measures: Measures, settings: VerdictSettings
) -> str:
    return _REFUSALS[reason].format(
        detail=pages.detail,
        pages=len(pages.pages),
        language=settings.language,
        characters=measures.characters,
    )


def _accepted_sentence(pages: Pages, warnings: tuple[str, ...]) -> str:
    told = "; ".join(_WARNINGS[code] for code in warnings)
    count = _counted(sum(map(_has_text, pages.pages)), "page")
    return f"Accepted: {count} with text" + (f" ({told})." if told else ".")


def _confidence(pages: Pages) -> float | None:
    """Mean confidence of the recognised pages."""
    sure = [page.confidence for page in pages.pages if page.confidence is not None]
    return round(sum(sure) / len(sure), 1) if sure else None


def _has_text(page: Page) -> bool:
    return page.kind in {"text", "table"}


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
