"""A verdict in words: what was seen, why a layer is held, what to do. Pure."""

from collections.abc import Iterable
from math import ceil, exp

from lamina.assessment.cells.measured import Kind
from lamina.assessment.verdicts.findings import Finding, Findings
from lamina.assessment.verdicts.verdict import Comparison, Enough, Verdict, Word
from lamina.margins import Margins

_ITEMS: dict[Kind, tuple[str, str]] = {
    "D": ("question", "questions"),
    "T": ("row of test text", "rows of test text"),
    "G": ("question", "questions"),
}


def verdict(found: Findings, word: Word, level: float, margins: Margins) -> Verdict:
    """The whole verdict; `level` is that of the gain, drawn further in a batch."""
    gain = found.home.compared(level) if found.home else None
    beside = [found.answers, found.serving, *found.elsewhere]
    enough = _enough(found, word, level, margins)
    why, remedy = _held(found, word, enough, level, margins)
    return Verdict(
        name=found.case.candidate,
        topics=found.case.topics,
        word=word,
        kind=found.kind,
        n=found.n,
        documents=found.documents,
        gain=gain,
        confidence=1 - level,
        comparisons=tuple(one.compared(margins.level) for one in beside if one),
        enough=enough,
        seen=_seen(gain, word, [one.compared(margins.level) for one in beside if one]),
        why=why,
        remedy=remedy,
    )


def amount(value: float, kind: Kind) -> str:
    """A difference with its sign and unit."""
    return f"{_figure(value, kind)} {'points' if kind == 'G' else 'nats a token'}"


def interval(one: Comparison) -> str:
    """A comparison's difference with its interval."""
    low, high = _figure(one.low, one.kind), _figure(one.high, one.kind)
    return f"{amount(one.value, one.kind)} (interval {low} to {high})"


def evidence(n: int, documents: int, kind: Kind) -> str:
    """How much there is, such as 12 questions from 2 documents."""
    one, many = _ITEMS[kind]
    return f"{n} {one if n == 1 else many} from {documents} document{'s' * (documents != 1)}"


def _figure(value: float, kind: Kind) -> str:
    match kind:
        case "G":
            return f"{100 * value:+.0f}"
        case "T":
            return f"{value:+.3f}"
        case "D":
            return f"{value:+.2f}"


def _gained(gain: Comparison) -> str:
    """The gain at home, with what it was seen on and what it means."""
    counted = evidence(gain.n, gain.documents, gain.kind)
    if gain.kind == "D":
        means = (
            f"right answers are {exp(gain.value):.2g} times as likely against wrong ones of their "
            "kind as under the base"
        )
        return f"D is {interval(gain)} over the base on {counted}: {means}"
    means = "so much lower its loss is there than the other layers', whom style helps as well"
    return f"T is {interval(gain)} on {counted}: {means}"


def _seen(gain: Comparison | None, word: Word, beside: Iterable[Comparison]) -> str:
    if gain is None or word is Word.NO_EFFECT:
        return ""
    said = f"{_gained(gain)}; more than {amount(gain.bar, gain.kind)} counts."
    if word is not Word.PROMOTED:
        return said
    others = "; ".join(
        f"{_beside(one)} {interval(one)} from {one.documents} documents" for one in beside
    )
    return f"{said} No harm was seen: {others}."


def _beside(one: Comparison) -> str:
    to = "against the version that serves, on" if one.place == "serving" else "on"
    return f"{one.kind} {to} {one.name}"


def _enough(found: Findings, word: Word, level: float, margins: Margins) -> Enough | None:
    """Of the gain, where that is what is missing; of the first comparison that is open, else."""
    least = Enough(n=margins.questions, documents=margins.documents)
    if word is Word.TOO_LITTLE and found.kind is None:
        if found.home is None or float(found.home.documents.value) <= found.home.margin:
            return least
        return _more(found.home, found.home.margin, level, least)
    if word is not Word.UNCLEAR or found.home is None:
        return None
    if found.home.low(level) <= found.home.margin:
        return _more(found.home, found.home.margin, level, least)
    open_ = _open(found, margins)
    return _more(open_, -open_.margin, margins.level, least) if open_ else None


def _more(one: Finding, bar: float, level: float, least: Enough) -> Enough | None:
    documents = one.documents.enough(bar, level)
    if documents is None:
        return None
    if documents <= least.documents and one.kind == "D":
        return least
    documents = max(documents, least.documents)
    n = ceil(documents * one.documents.n / one.documents.groups)
    return Enough(n=max(n, least.n) if one.kind == "D" else n, documents=documents)


def _open(found: Findings, margins: Margins) -> Finding | None:
    """A comparison that neither shows harm nor excludes it."""
    beside = (*([found.serving] if found.serving else []), *found.elsewhere)
    return next((one for one in beside if not one.safe(margins.level)), None)


def _held(
    found: Findings, word: Word, enough: Enough | None, level: float, margins: Margins
) -> tuple[str, str]:
    """Why, and what to do."""
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
    why = f"No effect to speak of: {_gained(found.home.compared(level))}."
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
    remedy = (
        "Train it with a lower rate or fewer steps, or with a share of general rows "
        "(general_share); a smaller scale harms less, too."
    )
    return f"Harmful elsewhere: {said}.", remedy


def _too_little(found: Findings, enough: Enough | None, margins: Margins) -> tuple[str, str]:
    name = found.case.candidate
    if found.kind is None:
        counted = evidence(found.n, found.documents, found.spoken)
        if found.alone:
            counted = "its test text shows nothing without two layers of other topics beside it"
        elif not found.n:
            counted = "no question and no test text of its own topic"
        why = f"Too little evidence: {counted}; {_would_show(found, enough, margins)}."
        return why, f"Add questions about more documents to the exam of {name}."
    if not found.elsewhere:
        why = "Too little evidence: nothing was measured outside its topic, where it may do harm."
        least = f"from at least {margins.documents} documents"
        return why, f"Ask the general questions, or other topics' exams, {least}, as well."
    why = "Too little evidence: the version that serves was not measured on the same items."
    return why, "Ask it beside the candidate, or take it out of service first."


def _would_show(found: Findings, enough: Enough | None, margins: Margins) -> str:
    if enough is None:
        return "so far there is hardly a gain to show"
    home = found.home
    if home and float(home.documents.value) > home.margin:
        about = f"{enough.n} from {enough.documents}"
        return f"with about {about} a gain like this would show"
    least = evidence(margins.questions, margins.documents, "D")
    return f"{least} are the least that a verdict takes"


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
        remedy = f"{more} a gain like this would show; add questions." if more else "Ask far more."
        return why, remedy
    open_ = _open(found, margins)
    if open_ is None:
        return "Unclear.", ""
    compared = open_.compared(margins.level)
    said = f"{_beside(compared)} {interval(compared)}"
    why = f"Unclear: a loss beyond {amount(-open_.margin, open_.kind)} cannot be excluded: {said}."
    if enough is None:
        return why, "More questions will hardly help: see which answers it lost."
    return why, f"{more.replace('With', 'Ask', 1)} there, which would exclude it."
