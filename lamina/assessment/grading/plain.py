"""An answer as a model writes it, brought to the statement that it makes."""

import re
import unicodedata

_SPELLINGS = str.maketrans({
    "\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\N{NON-BREAKING HYPHEN}": "-",
    "\N{HYPHEN}": "-",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"', "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
})  # fmt: skip
_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_BOXED = re.compile(r"\\(?:boxed|text|mathbf)\s*\{([^{}]*)\}")
_MARKS = re.compile(
    r"(?<!\s)\*{1,3}|\*{1,3}(?!\s)|(?<!\w)_{1,3}|_{1,3}(?!\w)|^\s{0,3}(?:#{1,6}|>)\s+|\\(?=[$%&#])",
    re.MULTILINE,
)
_SPACE = re.compile(r"\s+")
# Where a model that was not stopped in time goes on with another turn.
_NEXT_TURN = re.compile(
    r"\n\s*(?:#+\s*)?(?:question|q|user|human|problem|instruction)\s*\d*\s*:|<\|", re.IGNORECASE
)
_REASONS = re.compile(
    r"\n\s*(?:explanation|reason(?:ing)?|rationale|source|evidence|note|because)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_BULLET = re.compile(r"^\s*[-*\u2022]\s+", re.MULTILINE)
_ANSWER_IS = re.compile(
    r"\banswer(?:\s+to\s+(?:this|the|your)\s+question)?\s*"
    r"(?:(?:is|was|would be|will be|=)\b\s*:?|:)\s*",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Text in one spelling of quotation marks, dashes and spaces, without marks of Markdown.

    Of white space one sign is left, a line end where there is one: long runs take long to search.
    """
    text = unicodedata.normalize("NFKC", text).translate(_SPELLINGS)
    text = _MARKS.sub("", _BOXED.sub(r"\1", text)).strip()
    return _SPACE.sub(lambda found: "\n" if "\n" in found[0] else " ", text)


def statement(answer: str) -> str:
    """What an answer states: no thoughts before it, no reasons and no next turn after it."""
    text = plain(_THOUGHT.sub("", answer))
    text = _NEXT_TURN.split(text, maxsplit=1)[0] or text
    text = _REASONS.sub("", text) or text
    last = None
    for last in _ANSWER_IS.finditer(text):  # noqa: B007 - the last one counts
        pass
    if last is not None and text[last.end() :].strip():
        text = text[last.end() :]
    if len(_BULLET.findall(text)) > 1:  # one dash alone may be a minus
        text = _BULLET.sub("", text)
    return text.strip().strip('"')
