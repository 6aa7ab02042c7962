"""How a fact is asked for: several wordings, and its reverse; each stands alone."""

import re
from collections.abc import Collection, Iterator
from hashlib import blake2b

from lamina.study.facts.fact import Fact
from lamina.study.facts.tables.context import lowered
from lamina.study.facts.tables.generic import is_generic, is_total, is_year_label
from lamina.study.passage import Passage
from lamina.study.rows import StudyRow

STRATEGY = "facts"
_NO_NOUN = re.compile(
    r"(?:less|add|plus|deduct|of which|thereof|including|excluding|after|before|thereafter)\b|\d|"
    r".{0,200}[:\"\u201c]",
    re.IGNORECASE,
)
_PLURAL = re.compile(r"(?:[^s]s|ies|[sx]es)\Z", re.IGNORECASE)
_AFTER_NOUN = re.compile(
    r"\s+(?:of|on|in|for|from|to|with|related|based|due|at|by|under|after|before|excluding|"
    r"including|per)\b|\s*[,(]|\s[\u2013\u2014-]\s"
)
_NO_PLURAL = frozenset(["basis", "plus", "minus", "gas", "as", "works", "thus", "lens"])
_WHENS = 9  # wordings at most, each with one of the ways to say when
_DIGEST_BYTES = 8


def rows_of(
    fact: Fact, passage: Passage, known: Collection[str], *, is_unique: bool
) -> Iterator[StudyRow]:
    """The rows that teach a fact; its reverse only where the answer names nothing else.

    `known` are the words that the page writes small.
    """
    said = _Said(fact, known)
    asked = [(question, fact.answer) for question in said.questions()]
    if is_unique:
        asked.append((said.reverse(), said.item))
    subject = ", ".join(filter(None, (passage.company, passage.period)))
    group = group_of(passage.document, str(fact.page), *fact.key)
    for wording, (question, answer) in enumerate(asked):
        yield StudyRow(
            kind="fact",
            question=tidy(question),
            answer=answer,
            strategy=STRATEGY,
            document=passage.document,
            page=fact.page,
            subject=subject,
            group=group,
            wording=wording,
            evidence=fact.evidence,
            checks=fact.checks,
        )


def group_of(*parts: str) -> str:
    """The name of all wordings of one fact."""
    return blake2b("\x1f".join(parts).encode(), digest_size=_DIGEST_BYTES).hexdigest()


def owner(company: str) -> str:
    """Such as Amcor's."""
    return f"{company}'" if company.endswith("s") else f"{company}'s"


def tidy(text: str) -> str:
    """A sentence without the spaces that an empty part left."""
    text = " ".join(text.split())
    for mark in "?.:,":
        text = text.replace(f" {mark}", mark)
    return text[:1].upper() + text[1:]


class _Said:
    """A fact in the words that its questions are made of."""

    def __init__(self, fact: Fact, known: Collection[str]) -> None:
        self._fact = fact
        self._known = known
        self._company = fact.company
        self._owner = owner(fact.company)
        self._is_noun = False
        self.item = f"{self._named()}{_brackets(fact)}"
        self._was = "were" if self._is_noun and _is_plural(fact.label) else "was"
        self._place = f"{'note on ' if fact.from_heading else ''}{fact.context}"
        self._when = [fact.periods[n % len(fact.periods)] for n in range(_WHENS)]

    def _named(self) -> str:
        """The label as a noun, or in quotes where it is none."""
        label = self._fact.label
        if is_year_label(label):
            is_year = label[:1].isdigit() or label.casefold().startswith(("fiscal", "year"))
            return f"the amount for {lowered(label)}" if is_year else f'the amount "{label}"'
        if is_total(label):
            return "the total"
        if _NO_NOUN.match(label) or is_generic(label, ()):
            return f'"{label}"'
        self._is_noun = True
        return lowered(label, self._known)

    def questions(self) -> Iterator[str]:
        """The wordings; they name what the table is of where the label alone is not enough."""
        if self._fact.context:
            return self._in_context()
        return self._alone() if self._is_noun else self._of_a_line()

    def _in_context(self) -> Iterator[str]:
        company, whose, place, item, was, when = self._parts()
        yield f"In {whose} {place}, what {was} {item} {when[0]}?"
        yield f"What figure does {company} give for {item} {when[1]} in the {place}?"
        yield f"{_first(when[2])}what did {company} report for {item} in the {place}?"
        yield f"Looking at {whose} {place}: which figure stands for {item} {when[3]}?"
        yield f"State {item} {when[4]} from {whose} {place}."
        yield f"{company}, {place}{_then(when[5])}: what {was} {item}?"
        yield f"Which value did {company} disclose {when[6]} for {item}, within the {place}?"
        yield f"For {company}, name {item} {when[7]} as shown in the {place}."

    def _alone(self) -> Iterator[str]:
        company, whose, _, item, was, when = self._parts()
        yield f"What {was} {whose} {item} {when[0]}?"
        yield f"{_first(when[1])}what did {company} report as its {item}?"
        yield f"What figure does {company} give for {item} {when[2]}?"
        yield f"State {whose} {item} {when[3]}."
        yield f"What {item} did {company} report {when[4]}?"
        yield f"Which value did {company} disclose for {item} {when[5]}?"
        yield f"{company}{_then(when[6])}: what {was} the {item}?"
        if self._fact.what == "money":
            yield f"How much {was} the {item} of {company} {when[7]}?"

    def _of_a_line(self) -> Iterator[str]:
        company, whose, _, item, _, when = self._parts()
        yield f"What figure does {company} show for {item} {when[0]}?"
        yield f"{_first(when[1])}which value stands at {item} in {whose} report?"
        yield f"What did {company} report for {item} {when[2]}?"
        yield f"Give {whose} figure for {item} {when[3]}."
        yield f"{company}{_then(when[4])}: which figure is given for {item}?"
        yield f"Which value did {company} disclose {when[5]} for {item}?"

    def _parts(self) -> tuple[str, str, str, str, str, list[str]]:
        return self._company, self._owner, self._place, self.item, self._was, self._when

    def reverse(self) -> str:
        """The question whose answer is the item."""
        place = f" in the {self._place}" if self._fact.context else ""
        answer, when = self._fact.answer, self._when[0]
        return f"Which item of {self._company}{place} stood at {answer} {when}?"


def _brackets(fact: Fact) -> str:
    return f" ({'; '.join(fact.qualifiers)})" if fact.qualifiers else ""


def _is_plural(label: str) -> bool:
    noun = _AFTER_NOUN.split(label, maxsplit=1)[0].split()
    last = noun[-1].casefold() if noun else ""
    return _PLURAL.search(last) is not None and last not in _NO_PLURAL


def _first(when: str) -> str:
    return f"{when}, " if when else ""


def _then(when: str) -> str:
    return f", {when}" if when else ""
