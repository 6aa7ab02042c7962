"""Why a layer is held, and what to do, in words that an accountant can act on. Pure."""

from collections.abc import Iterator

from lamina.assessment.exam.general import GENERAL
from lamina.assessment.verdicts.enough import first_open, missing
from lamina.assessment.verdicts.findings import Finding, Findings
from lamina.assessment.verdicts.phrases import (
    amount,
    beside,
    counted,
    documents,
    evidence,
    gained,
    interval,
)
from lamina.assessment.verdicts.verdict import Enough, Word
from lamina.margins import Margins

_GENTLER = (
    "Train it with a lower rate or fewer steps (--set learning_rate=..., --set steps=...), or with "
    "a share of general rows (--set general_share=...); a smaller scale harms less, too."
)

_FAR = 10  # times the documents there are: nobody writes an exam about so many
_SMALL = "A gain that takes such an exam is small: teach it more, or leave it out."


def held(
    found: Findings, word: Word, enough: Enough | None, level: float, margins: Margins
) -> tuple[str, str]:
    """Why, and what to do; nothing of either where it is promoted."""
    match word:
        case Word.PROMOTED:
            return "", ""
        case Word.NO_EFFECT if found.same:
            why = "No effect: everything that was measured is as under the base."
            return why, "Check its scale, and that it was trained and exported whole."
        case Word.NO_EFFECT:
            return _no_effect(found, level)
        case Word.WORSE:
            return _worse(found, margins)
        case Word.HARMFUL:
            return _harmful(found, margins)
        case Word.TOO_LITTLE:
            return _too_little(found, enough, margins)
        case Word.UNCLEAR:
            return _unclear(found, enough, level, margins)


def _no_effect(found: Findings, level: float) -> tuple[str, str]:
    if found.home is None:
        return "No effect.", ""
    said = gained(found.home.compared(level), known=bool(found.inferred))
    why = f"No effect to speak of: {said}."
    return why, "Give it more text about its topic, train it longer, or leave it out."


def _worse(found: Findings, margins: Margins) -> tuple[str, str]:
    stays = "What serves now stays; see what changed in its documents and its profile."
    if found.home and found.kind and found.home.lost(margins.level):
        return "Worse than the base.", stays
    if found.serving and found.kind and found.serving.lost(margins.level):
        said = interval(found.serving.compared(margins.level))
        return f"Worse than the version that serves: {said} against it.", stays
    if found.answers is None:
        return "Worse.", stays
    said = interval(found.answers.compared(margins.level))
    return f"Worse than the base in the answers it writes: {said}.", stays


def _harmful(found: Findings, margins: Margins) -> tuple[str, str]:
    pooled = [one for one in found.elsewhere if one.harmed(margins.level)]
    level = margins.level if pooled else margins.level / len(found.spots)
    harms = pooled or [one for one in found.spots if one.harmed(level)]
    said = "; ".join(f"{one.kind} on {one.name} {interval(one.compared(level))}" for one in harms)
    return f"Harmful elsewhere: {said}.", _GENTLER


def _too_little(found: Findings, enough: Enough | None, margins: Margins) -> tuple[str, str]:
    name = found.case.candidate
    if found.kind is None:
        have = evidence(found.n, found.documents, found.spoken)
        if found.alone:
            have = "its test text shows nothing without two layers of other topics beside it"
        elif not found.n:
            have = "no question and no test text of its own topic"
            if found.inferred:
                have = "no question about a document that it was trained on"
        aside = "".join(f" {one}" for one in _aside(found))
        why = f"Too little evidence: {have}; {missing(found, enough, margins)}.{aside}"
        if _is_far(found, enough):
            return why, _SMALL
        return why, f"Add questions about more documents to the exam of {name}."
    if not found.elsewhere:
        why = "Too little evidence: nothing was measured outside its topic, where it may do harm."
        least = f"from at least {margins.documents} documents"
        return why, f"Ask the general questions, or other topics' exams, {least}, as well."
    why = "Too little evidence: the version that serves was not measured on the same items."
    return why, "Ask it beside the candidate, or take it out of service first."


def _is_far(found: Findings, enough: Enough | None) -> bool:
    return enough is not None and 0 < _FAR * found.documents <= enough.documents


def _aside(found: Findings) -> Iterator[str]:
    """Questions that count less than they seem to, and why."""
    if one := found.inferred:
        are = "is" if one.n == 1 else "are"
        yield (
            f"{counted(one.n, 'D')} more {are} set aside: the {documents(one.documents)} behind "
            f"{'it' if one.n == 1 else 'them'} it was not trained on, and cannot know."
        )
    if found.unplaced:
        yield (
            f"Of {counted(found.unplaced, 'D')} nobody here knows the document, since the exam "
            "names none or another file: they count as of one."
        )


def _unclear(
    found: Findings, enough: Enough | None, level: float, margins: Margins
) -> tuple[str, str]:
    home = found.home
    more = f"With about {evidence(enough.n, enough.documents, found.spoken)}" if enough else ""
    if home and home.low(level) <= home.margin:
        why = "Unclear: what was gained may be luck or too small to matter."
        if float(home.documents.value) <= home.margin:
            return why, "More questions will hardly help: teach it more, or leave it out."
        if float(home.documents.low(level)) > home.margin:  # it is the layers that differ
            why = "Unclear: other topics' layers differ among themselves as much as it leads them."
            return why, "An exam decides without them: add questions about its documents."
        if _is_far(found, enough):
            return why, f"{more} a gain like this would show. {_SMALL}"
        remedy = f"{more} a gain like this would show; add questions." if more else "Ask far more."
        return why, remedy
    if found.beyond and found.beyond.low(level) <= found.beyond.margin:
        why = "Unclear: other topics' layers gain on the same questions, and it hardly leads them."
        if float(found.beyond.documents.value) <= found.beyond.margin:
            teach = "Teach it more facts of its documents (--set study_passes=...)"
            return why, f"{teach}, or leave it out."
        return why, f"{more} its lead would show; add questions." if more else "Ask far more."
    open_ = first_open(found, margins)
    if open_ is None:
        return "Unclear.", ""
    compared = open_.compared(margins.level)
    said = f"{beside(compared)} {interval(compared)}"
    why = f"Unclear: a loss beyond {amount(-open_.margin, open_.kind)} cannot be excluded: {said}."
    if enough is None:
        return why, "More questions will hardly help: see which answers it lost."
    return why, _to_exclude(open_, enough)


def _to_exclude(open_: Finding, enough: Enough) -> str:
    """What would show that there is no such loss."""
    if open_.name == GENERAL:  # which are bundled
        return f"There are no more of these questions. {_GENTLER}"
    about = evidence(enough.n, enough.documents, open_.kind)
    exams = "its exam" if open_.place == "serving" else "the exams of other topics"
    add = "documents to other topics" if open_.kind == "T" else f"questions to {exams}"
    return f"Add {add}: about {about} would exclude it."
