"""How much evidence would do, and in words what is missing. Pure."""

from math import ceil

from lamina.assessment.verdicts.findings import Finding, Findings
from lamina.assessment.verdicts.phrases import counted, documents, evidence
from lamina.assessment.verdicts.verdict import Enough, Word
from lamina.margins import Margins


def enough_for(found: Findings, word: Word, level: float, margins: Margins) -> Enough | None:
    """Of the gain, where that is what is missing; of the first comparison that is open, else."""
    least = Enough(n=margins.questions, documents=margins.documents)
    if word is Word.TOO_LITTLE and found.kind is None:
        if found.home is None or not _shows(found):
            return least
        return _needed(found.home, found.home.margin, level, least)
    if word is not Word.UNCLEAR or found.home is None:
        return None
    if found.home.low(level) <= found.home.margin:
        return _needed(found.home, found.home.margin, level, least)
    if found.beyond and found.beyond.low(level) <= found.beyond.margin:
        return _needed(found.beyond, found.beyond.margin, level, least)
    open_ = first_open(found, margins)
    return _needed(open_, -open_.margin, margins.level, least) if open_ else None


def first_open(found: Findings, margins: Margins) -> Finding | None:
    """A comparison that neither shows harm nor excludes it."""
    beside = (*([found.serving] if found.serving else []), *found.elsewhere)
    return next((one for one in beside if not one.safe(margins.level)), None)


def missing(found: Findings, enough: Enough | None, margins: Margins) -> str:
    """What a verdict would take, beyond what there is."""
    if enough is None:
        return "so far there is hardly a gain to show"
    least = evidence(margins.questions, margins.documents, "D")
    if found.spoken == "D" and found.n:
        more = _added(found, enough)
        if _shows(found):
            return f"with {more} a gain like this would show"
        return f"a verdict takes at least {least}, so {more} must be added"
    if _shows(found):
        about = evidence(enough.n, enough.documents, found.spoken)
        return f"with about {about} a gain like this would show"
    return f"{least} are the least that a verdict takes"


def _added(found: Findings, enough: Enough) -> str:
    """The questions and documents that are missing; of many questions about few, documents only."""
    questions, more = enough.n - found.n, enough.documents - found.documents
    asked = _more_of(counted(questions, "D")) if questions > 0 else "questions"
    return f"{asked} about {_more_of(documents(more))}" if more > 0 else asked


def _more_of(count: str) -> str:
    """Such as 3 more documents."""
    return count.replace(" ", " more ", 1)


def _shows(found: Findings) -> bool:
    """Whether there is a gain beyond its margin so far, by luck or not."""
    home = found.home
    return home is not None and float(home.documents.value) > home.margin


def _needed(one: Finding, bar: float, level: float, least: Enough) -> Enough | None:
    needed = one.documents.enough(bar, level)
    if needed is None:
        return None
    if needed <= least.documents and one.kind == "D":
        return least
    needed = max(needed, least.documents)
    n = ceil(needed * one.documents.n / one.documents.groups)
    return Enough(n=max(n, least.n) if one.kind == "D" else n, documents=needed)
