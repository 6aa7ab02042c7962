"""A sentence said of the company by name: "We granted" is "Amcor granted".

What cannot be said so for certain, or speaks of something that another sentence named, has a
problem instead.
"""

import re
from typing import NamedTuple

from lamina.study.facts.sentences.verbs import third
from lamina.study.facts.wording import owner

_WE = re.compile(r"\b(?:We|we)\s+(?P<rest>(?:\w+\s+){0,2}\w+)")
_OUR = re.compile(r"\b(?:[Oo]ur|[Tt]he Company(?:['\u2019]s|s['\u2019]))(?=\s)")
_NAMED = re.compile(r"\b[Tt]he (?:Company|Corporation|Registrant)\b(?!['\u2019])")
_US = re.compile(r"\bus\b")
_LEFT = re.compile(
    r"\b(?:we|our|ours|ourselves|us|the\s+(?:company|corporation|registrant|utility|firm|bank))\b",
    re.IGNORECASE,
)
_DANGLING = re.compile(
    r"\b(?:it|its|itself|they|them|their|theirs|this|these|those|such|he|she|his|her|former|latter|"
    r"above|below|following|follows|foregoing|preceding|aforementioned|herein|hereto|thereto|thereof|"
    r"therein|aforesaid|previously|subsequently|accordingly|therefore|however|thus|hence|instead|"
    r"otherwise|similarly|likewise|conversely|moreover|furthermore|additionally|same|other|others|"
    r"another|see|refer|discussed|described|noted|mentioned|note|notes|table|tables|figure|item|page|"
    r"exhibit|schedule|parties|example|remaining|said|also)\b|"
    r"\A(?:In addition|As a result|For)\b,?|\bet al\b|"
    r"\AThe\s+\w+\s+(?:is|are|was|were|has|have|had|will|may|can)\b",
    re.IGNORECASE,
)
_DEFINITE = re.compile(
    r"\b[Tt]he\s+(?:\w+\s+)?(?:agreements?|transactions?|acquisitions?|plans?|programs?|facility|"
    r"complaint|courts?|plaintiffs?|defendants?|matters?|amendments?|cases?|period|year|quarter|date|"
    r"time|merger|divestitures?|sale|business|award|awards|options|loan|loans|notes|lawsuit|order|"
    r"decision|proceeding|investigation|petition|bonds?|indenture|swaps?|contracts?|hedges?|model|"
    r"assets|liabilities|amounts?|increase|decrease|change|changes|gain|loss|charge|benefit|proceeds|"
    r"balance|guidance|standard|update|asu|act|rule|settlement|property|properties|project|entity|"
    r"entities|segment|trust|partnership|joint venture|subsidiary|group|board|committee|units?|"
    r"shares|majority|remainder|impact|effect|results?|purchase price|consideration|fair value)\b"
    r"(?!\s+(?:of|for|that|ended|in|on|to|between|with|from|under|at|related|associated)\b)"
)
# A heading that was printed before its sentence, on one line.
_HEADED = re.compile(
    r"\A(?:[A-Z][\w&'\u2019/-]*,?\s+(?:(?:of|and|the|for|in|to)\s+)*){1,8}"
    r"(?:The|On|In|As|At|For|We|Our|During|Under|If|When|While|Effective|To|A|An|All|There|Certain)\s+"
    r"(?![A-Z](?!ompany\b))"
)
AUDITOR = re.compile(
    r"\bwe have audited\b|\bour audits?\b|\bcritical audit matters?\b|\bwe have served as\b",
    re.IGNORECASE,
)
# What points to a place that is not quoted with the sentence.
_ELSEWHERE = re.compile(
    r"\b(?:following|follows|above|below|foregoing|preceding|see|refer|herein|hereto|tables?|"
    r"schedule|exhibit|item|page|notes?\s+(?:\d|[A-Z]\b))\b",
    re.IGNORECASE,
)
_OWN_WORDS = re.compile(r"\b(?:we|our|us)\b", re.IGNORECASE)
_LABELS = re.compile(r"\A(?:\(?[a-z0-9]{1,3}[.)]|[\u2022\u25aa\u25cf*\u2013-])\s")


class Said(NamedTuple):
    """A sentence of the company by name, or the problem why there is none."""

    text: str = ""
    problem: str = ""


def spoken(sentence: str, company: str, *, by_auditor: bool) -> Said:
    """The sentence as one that stands alone; in an auditor's report, "we" is not the company."""
    text = " ".join(sentence.split())
    if not text.endswith(".") or not text[0].isupper() or _LABELS.match(text) or "  " in sentence:
        return Said(problem="no-sentence")
    if text.count("(") != text.count(")") or text.count("\u201c") != text.count("\u201d"):
        return Said(problem="no-sentence")
    if _HEADED.match(text):
        return Said(problem="glued-heading")
    if by_auditor and _OWN_WORDS.search(text):
        return Said(problem="whose-words")
    named = _by_name(text, company)
    if named is None:
        return Said(problem="unclear-verb")
    if _LEFT.search(named) or _DANGLING.search(named) or _DEFINITE.search(named):
        return Said(problem="dangling")
    return Said(named)


def lead(sentence: str, before: str) -> str | None:
    """What must be quoted before a sentence so that it is understood; none if that is not there.

    A report's own "we" needs nothing: the report is named.
    """
    if _ELSEWHERE.search(sentence):
        return None
    if not (_DANGLING.search(sentence) or _DEFINITE.search(sentence)):
        return ""
    return before if before and not _ELSEWHERE.search(before) else None


def _by_name(text: str, company: str) -> str | None:
    """The sentence with the company's name for its own words; none where a verb is not known."""
    whose = owner(company)
    pieces: list[str] = []
    end = 0
    for found in _WE.finditer(text):
        verb = third(found["rest"].split())
        if verb is None:
            return None
        pieces += [text[end : found.start()], f"{company} {verb}"]
        end = found.end()
    text = "".join((*pieces, text[end:]))
    text = _OUR.sub(lambda _: whose, text)
    text = _NAMED.sub(lambda _: company, text)
    return _US.sub(lambda _: company, text)
