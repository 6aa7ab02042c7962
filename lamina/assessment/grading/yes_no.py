"""Grades yes and no."""

import re

from lamina.assessment.grading.words import ASKING, FILLER, content

RIGHT = "the same of yes and no"
WRONG = "the other of yes and no"
MISSING = "neither yes nor no"
BOTH = "both yes and no"

_YES = r"(?:yes|yeah|yep|true|correct|affirmative)"
_NO = r"(?:no|nope|false|incorrect|negative)"
_LEADS = re.compile(rf"\W*(?:(?P<yes>{_YES})|(?P<no>{_NO}))\b", re.IGNORECASE)
_OR_OTHER = re.compile(rf"\W*(?:\s(?:and|or|but also)\s|/)\W*(?:{_YES}|{_NO})\b", re.IGNORECASE)
_ANYWHERE = re.compile(rf"\b(?:(?P<yes>{_YES})|(?P<no>{_NO}))\b(?=\W*(?:\Z|[.,;:]))", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;.!?]\s")
_NEGATED = re.compile(r"\b(?:not|cannot|never|no|none|neither)\b|n't\b", re.IGNORECASE)
# What turns a statement, too, unless that is what is asked: did it fail?
_DOUBTED = re.compile(
    r"\b(?:nobody|hardly|unlikely|fail(?:s|ed)?|den(?:y|ies|ied))\b", re.IGNORECASE
)
_ASKED = re.compile(r"\?[\"')\]]*\s*\Z")
_OPEN = re.compile(r"\A\W*(?:(?:and|but)\s+)?(?:if|unless)\b|\bwhether\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_ROOT = 5  # signs by which words are compared: record, recorded
_MOST_SAID = 0.8  # of the words of what is asked, in an answer that says it again


def reads_as(text: str) -> bool | None:
    """True for yes, False for no, None for neither."""
    found = _LEADS.match(text)
    return None if found is None else bool(found["yes"])


def grade_yes_no(answer: str, meant: bool, question: str) -> tuple[bool, str]:
    """Whether the answer says yes where yes is meant, and no where no is, and why.

    What is asked, said again as a statement, is yes; with a negation it is no; as a question or a
    condition it is neither.
    """
    leads = _LEADS.match(answer)
    if leads and _OR_OTHER.match(answer, leads.end()):
        return False, BOTH
    said = {bool(one["yes"]) for one in ([leads] if leads else _ANYWHERE.finditer(answer))}
    if not said:
        sentences = [
            one for one in _SENTENCE.split(answer) if not one.rstrip("\"')] ").endswith("?")
        ]
        clauses = [
            clause
            for one in sentences
            for clause in _CLAUSE.split(one)
            if not _OPEN.search(clause) and _restates(clause, question)
        ]
        said = {not _negates(one, question) for one in clauses}
    if len(said) != 1:
        return False, BOTH if said else MISSING
    return (True, RIGHT) if said == {meant} else (False, WRONG)


def _negates(clause: str, question: str) -> bool:
    doubted = _DOUBTED.search(clause) and not _DOUBTED.search(question)
    return bool(doubted or _NEGATED.search(clause))


def _restates(answer: str, question: str) -> bool:
    """Whether a clause has nearly all words of what is asked, however they are inflected."""
    last = _SENTENCE.split(question.strip())[-1]
    asked = {word[:_ROOT] for word in content(last) if word not in FILLER | ASKING}
    said = {word[:_ROOT] for word in content(answer)}
    return bool(asked) and len(asked & said) >= _MOST_SAID * len(asked)
