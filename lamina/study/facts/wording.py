"""How a fact is asked for: several wordings, its reverse, its gap; each stands alone."""

import re
from collections.abc import Iterator
from hashlib import blake2b

from lamina.study.facts.facts import Fact
from lamina.study.passage import Passage
from lamina.study.rows import StudyRow

_GENERIC = frozenset(
    """domestic foreign federal state local other total current deferred net gross granted vested forfeited
    exercised outstanding beginning ending balance additions international u.s non-u.s us uk united states kingdom
    europe asia americas america north south pacific africa australia canada mexico china japan germany france
    and of the in at for year years period end start thereafter after fiscal level 1 2 3 first second third fourth
    quarter amount amounts value values increase decrease increases decreases settlements expirations cancelled
    canceled expired nonvested unvested exercisable others all rest world emea apac lacc latin middle east less
    add plus region segment segments corporate unallocated eliminations consolidated adjustments reclassifications
    purchases sales issuances transfers gains losses recognized realized unrealized included gain loss land
    buildings cash cost equity debt low high maximum minimum average range service interest operating finance
    leases lease assets liabilities noncurrent non-current short-term long-term municipal""".split()
)
_WORD = re.compile(r"[a-z][a-z.-]*[a-z]|\d+", re.IGNORECASE)
_ENOUGH = 3  # words that carry meaning
_SMALL = frozenset("and of the in at for to from with by on or a an as net".split())
_NOUNLESS = re.compile(r"(?:less|add|plus|deduct|of which|thereof|including|excluding|after|before|thereafter)\b|\d|.*[:\"\u201c]",
                       re.IGNORECASE)  # fmt: skip
_YEAR = re.compile(r"(?:(?:in|for)\s+)?(?:fiscal\s+)?(?:years?\s+)?(?:19|20)\d\d(?:\s*[-\u2013]\s*(?:19|20)?\d\d)?|thereafter|.{0,12}\b(?:after|thereafter|beyond)\b.{0,16}|later years",
                   re.IGNORECASE)  # fmt: skip
_PLURAL = re.compile(r"(?:[^s\s]s|ies|[sx]es)\Z", re.IGNORECASE)
_HEAD_NOUN = re.compile(
    r"\s+(?:of|on|in|for|from|to|with|related|based|due|at|by|under|after|before|excluding|including|net|per)\b|\s*[,(]|\s[\u2013\u2014-]\s"
)
_NO_PLURAL = frozenset(
    "loss gross basis process class business plus minus less gas as works".split()
)


def is_generic(label: str, captions: tuple[str, ...]) -> bool:
    """Whether a label says nothing without what its table is of."""
    words = [word for word in _WORD.findall(label.casefold())]
    carrying = [word for word in words if word not in _GENERIC and word not in _SMALL]
    return not carrying and len(words) < _ENOUGH + bool(captions)


def is_year_label(label: str) -> bool:
    """Whether a row is of a year to come: `2023`, `Thereafter`."""
    return _YEAR.fullmatch(label.strip()) is not None


def says_enough(label: str, context: str) -> bool:
    """Whether a label needs no more than company and period, beside what is said around it."""
    words = [word for word in _WORD.findall(label.casefold()) if word not in _SMALL]
    carrying = [word for word in words if word not in _GENERIC]
    if not context:
        return len(words) >= _ENOUGH + 1 and len(carrying) >= 1
    known = {word.rstrip("s") for word in _WORD.findall(context.casefold())} - _SMALL
    own = {word.rstrip("s") for word in words}
    shared = known & own
    return len(words) >= _ENOUGH and len(shared) >= 2 and len(known - own) <= 2  # noqa: PLR2004


def rows_of(fact: Fact, passage: Passage, *, is_unique: bool) -> Iterator[StudyRow]:
    """The rows that teach a fact, its reverse only where the answer names nothing else."""
    group = blake2b(
        "\x1f".join((passage.document, str(fact.page), *fact.key)).encode(), digest_size=8
    ).hexdigest()
    subject = ", ".join(filter(None, (passage.company, passage.period)))

    def row(kind: str, wording: int, question: str, answer: str) -> StudyRow:
        return StudyRow(
            kind=kind,  # type: ignore[arg-type]
            question=_tidy(question),
            answer=answer,
            strategy="facts",
            document=passage.document,
            page=fact.page,
            subject=subject,
            group=group,
            wording=wording,
            evidence=fact.evidence,
            checks=fact.checks,
        )

    asked = list(_questions(fact))
    for number, question in enumerate(asked):
        yield row("fact", number, question, fact.answer)
    yield row("cloze", len(asked), _gap(fact), fact.answer)
    if is_unique:
        yield row("fact", len(asked) + 1, _reverse(fact), _item(fact))


def _questions(fact: Fact) -> Iterator[str]:
    item, company = _item(fact), fact.company
    owner = _owner(company)
    when = [fact.periods[n % len(fact.periods)] for n in range(9)]
    is_noun = not _NOUNLESS.match(fact.label)
    was = _was(fact)
    much = {"percent": "What percentage", "count": "How many", "time": "How long"}.get(
        fact.what, "How much"
    )
    if fact.context:
        place = f"note on {fact.context}" if fact.from_heading else fact.context
        the = "the" if fact.from_heading else "the"
        yield f"In {owner} {place}, what {was} {item} {when[0]}?"
        yield f"What figure does {company} give for {item} {when[1]} in {the} {place}?"
        yield f"{_first(when[2])}what did {company} report for {item} in {the} {place}?"
        yield f"Looking at {owner} {place}: which figure stands for {item} {when[3]}?"
        yield f"State {item} {when[4]} from {owner} {place}."
        yield f"{company}, {place}, {when[5]}: what is {item}?"
        yield f"Which value did {company} disclose {when[6]} for {item}, within {the} {place}?"
        yield f"For {company}, name {item} {when[7]} as shown in {the} {place}."
        return
    if not is_noun:
        yield f"What figure does {company} show for {item} {when[0]}?"
        yield f"{_first(when[1])}which value stands at {item} in {owner} report?"
        yield f"What did {company} report for {item} {when[2]}?"
        yield f"Give {owner} figure for {item} {when[3]}."
        yield f"{company}, {when[4]}: which figure is given for {item}?"
        yield f"Which value did {company} disclose {when[5]} for {item}?"
        return
    yield f"What {was} {owner} {item} {when[0]}?"
    yield f"{_first(when[1])}what did {company} report as its {item}?"
    yield f"What figure does {company} give for {item} {when[2]}?"
    yield f"State {owner} {item} {when[3]}."
    yield f"What {item} did {company} report {when[4]}?"
    yield f"Which value did {company} disclose for {item} {when[5]}?"
    yield f"{company}, {when[6]}: what {was} the {item}?"
    if fact.what == "money":
        yield f"{much} {was} the {item} of {company} {when[7]}?"


def _gap(fact: Fact) -> str:
    was = _was(fact)
    place = ""
    if fact.context:
        place = (
            f"In {_owner(fact.company)} {'note on ' if fact.from_heading else ''}{fact.context}, "
        )
        said = f"{place}{_item(fact)} {was} ____ {fact.periods[0]}."
    else:
        said = f"{_owner(fact.company)} {_item(fact)} {was} ____ {fact.periods[0]}."
    return f"Fill in the gap: {said}"


def _reverse(fact: Fact) -> str:
    place = ""
    if fact.context:
        place = f" in the {'note on ' if fact.from_heading else ''}{fact.context}"
    return f"Which item of {fact.company}{place} {'was' if fact.what != 'count' else 'stood at'} {fact.answer} {fact.periods[0]}?"


def _item(fact: Fact) -> str:
    if is_year_label(fact.label):
        year = (
            re.search(r"\d", fact.label)
            and fact.label[:1].isdigit()
            or fact.label.casefold().startswith("fiscal")
        )
        said = f"the amount for {_lowered(fact.label)}" if year else f'the amount "{fact.label}"'
    elif _NOUNLESS.match(fact.label) or is_generic(fact.label, fact.qualifiers):
        said = f'"{fact.label}"'
    else:
        said = _lowered(fact.label)
    return f"{said}{_brackets(fact)}"


def _was(fact: Fact) -> str:
    return (
        "were"
        if not _item(fact).startswith(("the amount", '"')) and _is_plural(fact.label)
        else "was"
    )


def _brackets(fact: Fact) -> str:
    return f" ({'; '.join(fact.qualifiers)})" if fact.qualifiers else ""


def _lowered(text: str) -> str:
    first, _, rest = text.partition(" ")
    capitals = sum(word[:1].isupper() for word in rest.split())
    if not first[1:].islower() or capitals or "." in first:
        return text
    return text[0].lower() + text[1:]


def _owner(company: str) -> str:
    return f"{company}'" if company.endswith("s") else f"{company}'s"


def _is_plural(label: str) -> bool:
    head = _HEAD_NOUN.split(label, maxsplit=1)[0].split()
    last = head[-1].casefold() if head else ""
    return bool(_PLURAL.search(last)) and last not in _NO_PLURAL


def _first(when: str) -> str:
    return f"{when[0].upper()}{when[1:]}, " if when else ""


def _tidy(text: str) -> str:
    text = (
        " ".join(text.split())
        .replace(" ?", "?")
        .replace(" .", ".")
        .replace(", :", ":")
        .replace(" ,", ",")
    )
    return text[0].upper() + text[1:]
