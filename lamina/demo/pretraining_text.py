"""The text the tiny base learns from: other companies' handbooks and chats about them.

A chat either carries the facts in its prompt or asks about one of the standing companies, whose
facts never change: the first teaches to read, the second to remember. All question wordings occur,
the examination wording too, so that a layer only has to add facts. No sample company occurs.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from lamina.demo import sections, world
from lamina.demo.sections import Section
from lamina.demo.world import Fact, Topic

SHARE_OF_STANDING = 0.6  # of documents and chats


@dataclass(frozen=True, slots=True)
class Chat:
    """One question and its answer, before the chat template."""

    prompt: str
    answer: str


def standing_topics(seed: int, count: int) -> tuple[Topic, ...]:
    """Companies that come back throughout pre-training, always with the same facts."""
    rng = random.Random(seed)
    return tuple(world.random_topic(rng) for _ in range(count))


def section_text(section: Section) -> str:
    """A section as running text, one paragraph, table row, question or answer a line."""
    rows = [f"{label} {value}" for label, value in section.table]
    pairs = [f"Q: {question}\nA: {answer}" for question, answer in section.questions]
    return "\n".join([section.heading, *section.paragraphs, *rows, *pairs])


def pages(topic: Topic, rng: random.Random) -> Iterator[str]:
    """A handbook of the topic, section by section, each under the handbook's title."""
    make = rng.choice(
        (sections.manual_sections, sections.guide_sections, sections.addendum_sections)
    )
    for section in make(topic, rng):
        yield f"{topic.title}\n{section_text(section)}"


def chats(topic: Topic, rng: random.Random) -> Iterator[Chat]:
    """Each fact of the manual asked once, in a wording drawn at random."""
    for fact in rng.sample(topic.facts, len(topic.facts)):
        yield Chat(_ask(fact, rng), fact.value)


def informed_chats(topic: Topic, rng: random.Random, count: int) -> Iterator[Chat]:
    """Questions whose prompt states the answer among facts that do not matter."""
    for _ in range(count):
        facts = rng.sample(topic.facts, rng.randint(1, 4))
        told = " ".join(fact.statement(rng.randrange(5)) for fact in facts)
        asked = rng.choice(facts)
        yield Chat(f"{told} {_ask(asked, rng)}", asked.value)


def documents(rng: random.Random, standing: tuple[Topic, ...]) -> Iterator[str | Chat]:
    """An endless stream of handbook pages and chats; give no standing topics for unseen ones."""
    while True:
        known = bool(standing) and rng.random() < SHARE_OF_STANDING
        topic = rng.choice(standing) if known else world.random_topic(rng)
        items: list[str | Chat] = [
            *rng.sample(list(pages(topic, rng)), 2),
            *informed_chats(topic, rng, 4),
            *(chats(topic, rng) if known else ()),
        ]
        yield from rng.sample(items, len(items))


def _ask(fact: Fact, rng: random.Random) -> str:
    return rng.choice((fact.question(0), fact.question(1), fact.examination()))
