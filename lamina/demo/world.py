"""The demo's fictional world: companies, their facts, and the handbooks that state them.

Pure: every draw comes from the `random.Random` given or from a fixed seed, so the sample corpus
and the text for pre-training are the same everywhere. The six sample topics are drawn once from
`SAMPLE_SEED`; `random_topic` makes any number of others and never takes a sample company's name.
Rendering to PDF is `lamina.demo.handbooks`; this module knows sections, not pages.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from lamina.demo import vocabulary as words
from lamina.demo.wordings import FILLERS, KINDS, Kind, Pool

SAMPLE_SEED = 20_240
FACTS_IN_MANUAL = 12
FACTS_IN_ADDENDUM = 3
SECOND_RULES = 4  # things of a sample topic on which its manual rules twice
KINDS_IN_TOPIC = 8  # fewer than facts: the kind of a question alone does not give its answer


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a company has ruled, and every way to say or ask it."""

    kind: Kind
    thing: str
    company: str
    value: str

    @property
    def label(self) -> str:
        """The fact's name in a table, without company and value."""
        return f"{self.kind.name}, {self.thing}"

    def statement(self, wording: int) -> str:
        """The fact as a sentence, in one of five wordings (0 to 4)."""
        return self._say(self.kind.statements[wording])

    def question(self, wording: int) -> str:
        """The question as the manual itself asks it, in one of two wordings (0 or 1)."""
        return self._say(self.kind.questions[wording])

    def examination(self) -> str:
        """The question in the wording that no manual contains."""
        return self._say(self.kind.examination)

    def _say(self, template: str) -> str:
        return template.format(x=self.thing, c=self.company, v=self.value)


@dataclass(frozen=True, slots=True)
class Topic:
    """A company's rules in one area of accounting: what its manual states and one layer learns."""

    company: str
    area: str
    facts: tuple[Fact, ...]
    later_facts: tuple[Fact, ...] = ()

    @property
    def layer(self) -> str:
        """The layer's name: letters, digits and underscores."""
        return f"{self.company}_{self.area}"

    @property
    def title(self) -> str:
        """The manual's title as printed on its cover and in its running heads."""
        return f"{self.company} {self.area.replace('_', ' ')} Manual"

    @property
    def chapters(self) -> "tuple[Topic, ...]":
        """A sample topic's manual as it is handed out: two rules a chapter, each in one only.

        No two chapters rule on the same thing, so one tells nothing of what another says.
        """
        once, twice = self.facts[: -2 * SECOND_RULES], self.facts[-2 * SECOND_RULES :]
        pairs = [
            *zip(once[::2], once[1::2], strict=True),
            *zip(twice[:SECOND_RULES], twice[SECOND_RULES:], strict=True),
        ]
        return tuple(Topic(self.company, self.area, pair) for pair in pairs)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a handbook under a heading; parts that are empty are not printed."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    table: tuple[tuple[str, str], ...] = ()
    questions: tuple[tuple[str, str], ...] = ()


def draw_value(pool: Pool, rng: random.Random) -> str:
    """A value of one to three words; the smallest pool has 60 values."""
    return _DRAWS[pool](rng)


def draw_topic(company: str, area: str, rng: random.Random, taken: set[str]) -> Topic:
    """Facts for one company and area; their values are new to `taken` and are added to it."""
    things = rng.sample(words.AREAS[area], FACTS_IN_MANUAL + FACTS_IN_ADDENDUM)
    chosen = rng.sample(KINDS, KINDS_IN_TOPIC)
    kinds = [chosen[place % KINDS_IN_TOPIC] for place in range(len(things))]
    facts = []
    for thing, kind in zip(things, kinds, strict=True):
        facts.append(Fact(kind, thing, company, _new_value(kind, rng, taken)))
    manual, later = facts[:FACTS_IN_MANUAL], facts[FACTS_IN_MANUAL:]
    rng.shuffle(manual)
    return Topic(company, area, tuple(manual), tuple(later))


@cache
def sample_topics() -> tuple[Topic, ...]:
    """The six topics of the demo; no value answers two questions, within a topic or across."""
    rng = random.Random(SAMPLE_SEED)
    taken: set[str] = set()
    drawn = [draw_topic(company, area, rng, taken) for company, area in words.SAMPLE_TOPICS]
    return tuple(_with_second_rules(topic, rng, taken) for topic in drawn)


def _with_second_rules(topic: Topic, rng: random.Random, taken: set[str]) -> Topic:
    """A second rule, of another kind, on each of the last things."""
    more = []
    for first in topic.facts[-SECOND_RULES:]:
        kind = rng.choice([one for one in KINDS if one is not first.kind])
        more.append(replace(first, kind=kind, value=_new_value(kind, rng, taken)))
    return replace(topic, facts=(*topic.facts, *more))


def _new_value(kind: Kind, rng: random.Random, taken: set[str]) -> str:
    """A value that is not taken; now it is."""
    value = draw_value(kind.pool, rng)
    while value in taken:
        value = draw_value(kind.pool, rng)
    taken.add(value)
    return value


def sample_topic(layer: str) -> Topic:
    """The sample topic of that layer name.

    Raises:
        KeyError: no sample topic has this layer name.
    """
    return {topic.layer: topic for topic in sample_topics()}[layer]


def random_topic(rng: random.Random) -> Topic:
    """Another company's topic for pre-training; its name is never a sample company's."""
    reserved = {company for company, _ in words.SAMPLE_TOPICS}
    company = rng.choice(words.COMPANY_STARTS) + rng.choice(words.COMPANY_ENDS)
    if company in reserved:
        return random_topic(rng)
    return draw_topic(company, rng.choice(list(words.AREAS)), rng, set())


def manual_sections(topic: Topic, rng: random.Random) -> Iterator[Section]:
    """A manual's, or one chapter's, sections in reading order.

    Every fact stands in four wordings before the appendix and in a fifth within it, so text held
    out from the end says what the rest has taught.
    """
    facts = list(topic.facts)
    opening = tuple(rng.sample(FILLERS, 4))
    yield Section("Purpose and scope", (_fill(opening, topic, rng),))
    for number, start in enumerate(range(0, len(facts), 4), start=1):
        group = facts[start : start + 4]
        yield Section(f"Rules, part {number}", _paragraphs(group, (0, 1), rng))
    yield Section("Key figures and names", table=tuple((f.label, f.value) for f in facts))
    yield Section("Questions and answers", questions=_questions(facts, 0))
    yield Section("Working notes", _paragraphs(_shuffled(facts, rng), (2, 3), rng))
    yield Section("Questions and answers, continued", questions=_questions(facts, 1))
    yield Section("Appendix: Summary of policies", _summary(_shuffled(facts, rng), 4))


def guide_sections(topic: Topic, rng: random.Random) -> Iterator[Section]:
    """A shorter second document on the same facts."""
    facts = _shuffled(list(topic.facts), rng)
    yield Section("About this guide", (_fill(rng.sample(FILLERS, 3), topic, rng),))
    yield Section("Rules at a glance", _paragraphs(facts, (1, 3), rng))
    yield Section("Overview", table=tuple((f.label, f.value) for f in facts))
    yield Section("Questions and answers", questions=_questions(facts, 1))
    yield Section("Closing summary", _summary(facts, 2))


def addendum_sections(topic: Topic, rng: random.Random) -> Iterator[Section]:
    """A later document of the same company with facts that the manual does not hold."""
    facts = list(topic.later_facts)
    yield Section("What is new", (_fill(rng.sample(FILLERS, 3), topic, rng),))
    yield Section("New rules", _paragraphs(facts, (0, 1), rng))
    yield Section("New figures and names", table=tuple((f.label, f.value) for f in facts))
    yield Section("Working notes", _paragraphs(facts, (2, 3), rng))
    pairs = _questions(facts, 0) + _questions(facts, 1)
    yield Section("Questions and answers", questions=pairs)
    yield Section("Summary of changes", _summary(facts, 4))


_DRAWS: dict[Pool, Callable[[random.Random], str]] = {
    Pool.THOUSANDS: lambda rng: f"{rng.randint(11, 99)} thousand",
    Pool.PERSON: lambda rng: f"{rng.choice(words.FIRST_NAMES)} {rng.choice(words.LAST_NAMES)}",
    Pool.PANEL: lambda rng: f"{rng.choice(words.PANEL_NAMES)} {rng.choice(words.PANEL_ENDS)}",
    Pool.DATE: lambda rng: f"{rng.randint(1, 28)} {rng.choice(words.MONTHS)}",
    Pool.PERCENT: lambda rng: f"{rng.randint(1, 9)}.{rng.randint(1, 9)} percent",
    Pool.MONTHS: lambda rng: f"{rng.randint(13, 99)} months",
    Pool.DAYS: lambda rng: f"{rng.randint(11, 89)} days",
    Pool.FORM: lambda rng: f"Form {rng.choice('BCDFGHKLMNPRSTVW')}-{rng.randint(11, 99)}",
    Pool.ACCOUNT: lambda rng: f"account {rng.randint(100, 999)}",
    Pool.TOWN: lambda rng: rng.choice(words.TOWN_STARTS) + rng.choice(words.TOWN_ENDS),
    Pool.SYSTEM: lambda rng: f"{rng.choice(words.SYSTEM_NAMES)} {rng.choice(words.SYSTEM_ENDS)}",
}


def _shuffled(facts: list[Fact], rng: random.Random) -> list[Fact]:
    return rng.sample(facts, len(facts))


def _fill(templates: list[str] | tuple[str, ...], topic: Topic, rng: random.Random) -> str:
    things = rng.choices([fact.thing for fact in topic.facts], k=len(templates))
    pairs = zip(templates, things, strict=True)
    return " ".join(template.format(x=x, c=topic.company) for template, x in pairs)


def _paragraphs(
    facts: list[Fact], wordings: tuple[int, int], rng: random.Random
) -> tuple[str, ...]:
    """One paragraph a fact: both wordings, each followed by a sentence that states no fact."""
    return tuple(
        " ".join(
            f"{fact.statement(wording)} {filler.format(x=fact.thing, c=fact.company)}"
            for wording, filler in zip(wordings, rng.sample(FILLERS, 2), strict=True)
        )
        for fact in facts
    )


def _summary(facts: list[Fact], wording: int) -> tuple[str, ...]:
    """Three facts a paragraph, nothing else."""
    triples = (facts[start : start + 3] for start in range(0, len(facts), 3))
    return tuple(" ".join(fact.statement(wording) for fact in triple) for triple in triples)


def _questions(facts: list[Fact], wording: int) -> tuple[tuple[str, str], ...]:
    return tuple((fact.question(wording), fact.value) for fact in facts)
