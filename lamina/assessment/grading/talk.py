"""What an answer says after it has answered: reasons, or another answer. Pure.

Who states the right thing first and explains it is right; who then states another is not.
"""

import re
from collections.abc import Collection, Sequence
from difflib import SequenceMatcher

from lamina.assessment.grading.abstention import abstains, without_refusal
from lamina.assessment.grading.dates import dates
from lamina.assessment.grading.numbers import counted
from lamina.assessment.grading.words import ASKING, FILLER, content, find, is_figure
from lamina.text.questions import QuestionType

_BORDER = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(]?[A-Z\d-])|\s*\n\s*")
# What ends with a point and ends no sentence: U.S., Inc., the number of a list's item.
_GOES_ON = re.compile(
    r"(?:\b(?:[A-Z]|Inc|Corp|Co|Ltd|Mrs?|Ms|Dr|St|No|vs|approx)\.|\A\d{1,2}\.|:)\Z"
)
_ENDED = re.compile(r"[.!?][\"')\]]*\Z")
_CORRECTS = re.compile(
    r"\W*(?:no|or|but|however|actually|wait|sorry|alternatively|rather|correction)\b", re.IGNORECASE
)
_WORKS = re.compile(r"\W*(?:to\s+\w+\b.*\b(?:we|you|i)\b|let(?:'s|\s+us)\b)", re.IGNORECASE)
# "It is", "the total number of shops was", just before a figure.
_IT_IS = re.compile(
    r"\b(?:it|this|that|they|there|which|the\s+(?P<what>(?:[\w-]+\s+){0,2}(?:number|total|amount"
    r"|figure|result|rate|value|year|date)(?:\s+[\w-]+){0,3}?))"
    r"(?:'s|\s+(?:is|was|are|were|would\s+be|equals))\s+"
    r"(?:(?:about|approximately|only|just|also|actually|in\s+fact)\s+)*\W*\Z",
    re.IGNORECASE,
)
_VERB = re.compile(r"\b(?:is|are|was|were|has|have|had|do|does|did|can|will)\b", re.IGNORECASE)
_ALSO = re.compile(r"\b(?:also|additionally|in\s+addition)\b", re.IGNORECASE)
_BUT = re.compile(r",?\s+(?=(?:but|though|although|however)\b)", re.IGNORECASE)
# Words of who disavows an answer, as `words` spells them.
_DISAVOWING = frozenset({
    "i", "am", "im", "m", "but", "though", "although", "however", "text", "context", "passage",
    "page", "source", "really", "quite", "sorry", "not", "do", "doe", "did", "can", "could",
})  # fmt: skip
_THINGS = frozenset({"amount", "value", "total", "year"})  # of which something else may be unknown
_MORE = re.compile(r"\b(?:more|further|additional|other|else)\b", re.IGNORECASE)
# Words that may stand about what is asked, and those that stand for it.
_SAME = frozenset({
    "used", "actual", "final", "correct", "exact", "given", "number", "total", "amount", "figure",
    "result", "rate", "value", "year", "date",
})  # fmt: skip
_ROOT = 5  # signs by which words are compared: expire, expiry
_BARE = 3  # words of a sentence that is an answer and nothing else
_RESTATED = 0.7  # of a question's words in a sentence that answers it again
_TOKEN = re.compile(r"\w+(?:[.,']\w+)*")
_QUOTED = 4  # words in the question's order that are a quotation


def first_statement(text: str) -> tuple[str, list[str]]:
    """The first sentence, with what introduces it; and those after it.

    Who begins to work an answer out has not stated it yet: that is one statement as a whole.
    """
    if _WORKS.match(text):
        return text, []
    found: list[str] = []
    for piece in _BORDER.split(text):
        if found and _GOES_ON.search(found[-1]):
            found[-1] = f"{found[-1]} {piece}"
        elif piece.strip():
            found.append(piece)
    cut_off = len(found) > 1 and _ENDED.search(found[0]) and not _ENDED.search(found[-1])
    if cut_off and not _CORRECTS.match(found[-1]):
        del found[-1]
    return (found[0] if found else text), found[1:]


def answers_again(sentence: str, first: str, question: str, kind: QuestionType) -> bool:
    """Whether a later sentence answers the question, rightly or not, and is no mere reason."""
    said = content(sentence)
    asked = {word for word in content(question) if not is_figure(word)} - FILLER - ASKING
    if _disavows(sentence, first, question):
        return True
    if not said:
        return False
    corrects = _CORRECTS.match(sentence) is not None
    known = asked | FILLER | set(content(first))
    bare = (
        len(said) <= _BARE and asked.isdisjoint(said) and (corrects or not _VERB.search(sentence))
    )
    shared = len(asked.intersection(said))
    restated = shared >= max(1, _RESTATED * len(asked)) and not known.issuperset(said)
    if kind not in ("number", "percent", "date"):
        return bare or (restated and shared > 1) or (kind == "list" and _adds(sentence, question))
    timed = dates(sentence)
    found = timed if kind == "date" else counted(sentence)
    years = {one.year for one in timed} - {None}
    meant = {one.year for one in dates(question)} - {None}
    if not found or (kind != "date" and years and meant and years.isdisjoint(meant)):
        return False  # nothing of that kind, or of another year
    return bare or restated or corrects or any(_says(sentence[: x.start], asked) for x in found)


def takes_back(statement: str, question: str) -> bool:
    """Whether an answer goes on in its first sentence to say that it does not know."""
    first, *others = _BUT.split(statement)
    return any(_disavows(one, first, question) for one in others)


def _disavows(sentence: str, first: str, question: str) -> bool:
    """Whether it says that what was answered is not known, and not that something else is not."""
    if _MORE.search(sentence) or not abstains(sentence, question):
        return False
    known = (FILLER - _THINGS) | _DISAVOWING | {*content(question), *content(first)}
    return known.issuperset(content(without_refusal(sentence)))


def _adds(sentence: str, question: str) -> bool:
    """Whether a later sentence goes on with a list: Acme also reports Banking."""
    said, asked = set(content(sentence)), set(content(question)) - ASKING
    return bool(_ALSO.search(sentence)) and len(said & asked) > 1 and not asked >= said


def _says(before: str, asked: Collection[str]) -> bool:
    """Whether a figure after these words is said to be what is asked."""
    found = _IT_IS.search(before)
    if found is None:
        return False
    roots = {word[:_ROOT] for word in (*asked, *FILLER, *_SAME)}
    return all(word[:_ROOT] in roots for word in content(found["what"] or ""))


def unquoted(text: str, references: Sequence[str], question: str) -> str:
    """The text without what it repeats of the question around a reference that stands there.

    Of "3 red and 5 blue balls" who says it again has not answered which there are more of.
    """
    meant = [one for one in map(content, references) if one]

    def named(words: str) -> bool:
        said = content(words)
        return any(find(one, said) >= 0 for one in meant) and said not in meant

    if not named(question):
        return text
    said = list(_TOKEN.finditer(text))
    pair = [one[0].casefold() for one in said], _TOKEN.findall(question.casefold())
    for at, _, length in reversed(
        SequenceMatcher(None, *pair, autojunk=False).get_matching_blocks()
    ):
        if length >= _QUOTED:
            start, end = said[at].start(), said[at + length - 1].end()
            text = text[:start] + text[end:] if named(text[start:end]) else text
    return text
