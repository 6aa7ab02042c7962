"""The demo's fictional world: companies and their facts.

Pure: every draw comes from the `random.Random` given or from a fixed seed, so the sample corpus
and the text for pre-training are the same everywhere. The six sample topics are drawn once from
`SAMPLE_SEED`; `random_topic` makes any number of others and never takes a sample company's name.
How handbooks state them is in `lamina.demo.sections`, how these become PDFs in `handbooks`.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import cycle

from lamina.demo import vocabulary as words
from lamina.demo.wordings import KINDS, Kind, Pool

SAMPLE_SEED = 20_240
FACTS_IN_MANUAL = 12
FACTS_IN_ADDENDUM = 3
SECOND_RULES = 4  # things of a sample topic on which its manual rules twice
KINDS_IN_TOPIC = 8  # fewer than facts: the kind of a question alone does not give its answer
# The sample manuals rule in two ways each, hardly any of them in the same. So the wrong answers
# beside a right one are of its own exam: what a layer knows of its topic shows in no other's.
SAMPLE_KINDS: dict[str, tuple[str, str]] = {
    "Leasing": ("Threshold", "Period"),
    "Goodwill": ("Review panel", "Rate"),
    "Inventory": ("Count date", "Office"),
    "Revenue": ("Approver", "Account"),
    "Income_Tax": ("Deadline", "Form"),
    "Credit_Losses": ("System", "Approver"),
}


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


def draw_value(pool: Pool, rng: random.Random) -> str:
    """A value of one to three words; the smallest pool has 60 values."""
    return _DRAWS[pool](rng)


def draw_topic(
    company: str, area: str, rng: random.Random, taken: set[str], kinds: Sequence[Kind] = ()
) -> Topic:
    """Facts for one company and area; their values are new to `taken` and are added to it.

    Their kinds are drawn, too, where none are given.
    """
    things = rng.sample(words.AREAS[area], FACTS_IN_MANUAL + FACTS_IN_ADDENDUM)
    chosen = kinds or rng.sample(KINDS, KINDS_IN_TOPIC)
    facts = []
    for thing, kind in zip(things, cycle(chosen), strict=False):
        facts.append(Fact(kind, thing, company, _new_value(kind, rng, taken)))
    manual, later = facts[:FACTS_IN_MANUAL], facts[FACTS_IN_MANUAL:]
    rng.shuffle(manual)
    return Topic(company, area, tuple(manual), tuple(later))


@cache
def sample_topics() -> tuple[Topic, ...]:
    """The six topics of the demo; no value answers two questions, within a topic or across."""
    rng = random.Random(SAMPLE_SEED)
    taken: set[str] = set()
    return tuple(_sample(company, area, rng, taken) for company, area in words.SAMPLE_TOPICS)


def _sample(company: str, area: str, rng: random.Random, taken: set[str]) -> Topic:
    """A topic with a second rule, of its other kind, on each of the last things."""
    one, other = (kind for name in SAMPLE_KINDS[area] for kind in KINDS if kind.name == name)
    topic = draw_topic(company, area, rng, taken, (one, other))
    more = []
    for first in topic.facts[-SECOND_RULES:]:
        kind = one if first.kind is other else other
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
