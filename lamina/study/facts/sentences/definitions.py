"""Sentences that say what something is, how it is measured, what it is short for."""

import re
from collections.abc import Iterator

from lamina.study.facts.sentences.maker import Maker
from lamina.study.facts.tables.context import lowered
from lamina.study.rows import StudyRow

_HOW = re.compile(
    r"(?P<what>[A-Z][^.;:()\u201c\u201d]{2,90}?)\s+(?P<verb>is|are)\s+"
    r"(?P<adverb>(?:generally|primarily|initially|principally)\s+)?"
    r"(?P<done>measured|stated|recorded|carried|valued|amortized|depreciated|recognized|determined|"
    r"computed|calculated|translated|expensed|accounted for|classified|included|reported|estimated|"
    r"tested for impairment|reviewed for impairment|remeasured|capitalized|charged)\s+"
    r"(?P<rest>(?:at|using|over|on|by|when|as|based|in|under|within|if|upon|for|net|through|annually|"
    r"ratably)\b[^;\u201c\u201d]{4,160})\."
)
_MEANS = re.compile(
    r"(?P<what>[A-Z][^.;:()]{2,80}?)\s+"
    r"(?P<verb>is defined as|are defined as|means|represents?|refers? to|consists? of)\s+"
    r"(?P<rest>[^;\u201c\u201d]{8,170})\."
)
_ONE_MORE = re.compile(r"\band\b.*\b(?:represents?|means|is|are|was|were|consists?)\b")
_MOST_WORDS = 28  # of an answer
_MOST_SUBJECT = 12
_VAGUE = frozenset(
    ("costs", "amounts", "gains", "losses", "payments", "expenses", "fees", "values", "changes",
     "assets", "liabilities", "balances", "awards", "securities", "premiums", "discounts",
     "benefits", "revenues", "gains and losses", "interest", "they", "these")
)  # fmt: skip
_SMALL_WORD = 3  # letters
_VERBS = re.compile(
    r"\b(?:is|are|was|were|has|have|had|if|when|while|although|because|since|that|which|who|as)\b",
    re.IGNORECASE,
)
_SHORT = re.compile(r"\((?:the\s+)?[\u201c\"]?(?P<short>[A-Z][A-Za-z&]{0,8}[A-Z]s?)[\u201d\"]?\)")
_SMALL = frozenset(("of", "and", "the", "for", "in", "to", "on", "a", "an", "or"))


def definition_rows(maker: Maker, text: str, evidence: str) -> Iterator[StudyRow]:
    """Rows of a sentence that defines, or brings in a short form."""
    if found := _HOW.fullmatch(text):
        yield from _how(maker, found, evidence)
    elif found := _MEANS.fullmatch(text):
        yield from _means(maker, found, evidence)
    for short, long in short_forms(text):
        yield from _short(maker, short, long, evidence)


def _how(maker: Maker, found: re.Match[str], evidence: str) -> Iterator[StudyRow]:
    what, rest = found["what"].strip(), found["rest"].strip()
    if not _is_subject(what) or len(rest.split()) > _MOST_WORDS:
        return
    verb, done = found["verb"], f"{found['adverb'] or ''}{found['done']}"
    item = lowered(what)
    questions = (
        f"How {verb} {item} {done}, according to {maker.owner} {maker.report}?",
        f"In {maker.owner} {maker.report}, how {verb} {item} {done}?",
        f"What does {maker.company} say in its {maker.report} about how {item} {verb} {done}?",
        f'Complete the policy from {maker.owner} {maker.report}: "{what} {verb} {done} ____"',
    )
    yield from maker.rows("definition", questions, rest, evidence)


def _means(maker: Maker, found: re.Match[str], evidence: str) -> Iterator[StudyRow]:
    what, rest = found["what"].strip(), found["rest"].strip()
    if not _is_subject(what) or len(rest.split()) > _MOST_WORDS or _ONE_MORE.search(rest):
        return
    item, verb = lowered(what), found["verb"]
    questions = (
        f"How does {maker.owner} {maker.report} describe {item}?",
        f'Complete the sentence from {maker.owner} {maker.report}: "{what} {verb} ____"',
    )
    yield from maker.rows("definition", questions, rest, evidence)


def _is_subject(what: str) -> bool:
    """Whether a phrase is a noun phrase, as far as that is seen: no verb, no clause, no heading."""
    words = [word.casefold() for word in what.split() if len(word) > _SMALL_WORD]
    if what.casefold() in _VAGUE:
        return False
    is_plain = not _VERBS.search(what) and "," not in what and len(set(words)) == len(words)
    return is_plain and len(what.split()) <= _MOST_SUBJECT


def short_forms(text: str) -> Iterator[tuple[str, str]]:
    """(short, long) where the long form stands before the short one and has its initials."""
    for found in _SHORT.finditer(text):
        short = found["short"]
        letters = (
            short.removesuffix("s").replace("&", "") if short[-1] == "s" else short.replace("&", "")
        )
        before = re.findall(r"[\w&'\u2019/-]+", text[max(0, found.start() - 120) : found.start()])
        if long := _long(letters, before):
            yield short, long


def _long(letters: str, before: list[str]) -> str:
    """The fewest last words that have the letters as initials, in order; empty where none do."""
    place = len(before)
    for letter in reversed(letters.casefold()):
        place -= 1
        while (
            place >= 0
            and before[place].casefold() in _SMALL
            and before[place][0].casefold() != letter
        ):
            place -= 1
        if place < 0 or before[place][0].casefold() != letter:
            return ""
    return " ".join(before[place:])


def _is_passed(word: str, letter: str) -> bool:
    return word in _SMALL and word[0] != letter


def _short(maker: Maker, short: str, long: str, evidence: str) -> Iterator[StudyRow]:
    questions = (
        f"What does {short} stand for in {maker.owner} {maker.report}?",
        f'In {maker.owner} {maker.report}, what is "{short}" short for?',
        f"Spell out {short} as {maker.owner} {maker.report} uses it.",
    )
    yield from maker.rows("definition", questions, long, evidence)
    back = (
        f"Which short form does {maker.owner} {maker.report} use for {long}?",
        f"How does {maker.company} abbreviate {long} in its {maker.report}?",
    )
    yield from maker.rows("definition", back, short, evidence)
