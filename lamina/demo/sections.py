"""What a handbook's pages say: facts as sections of statements, tables and questions. Pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from lamina.demo.wordings import FILLERS
from lamina.demo.world import Fact, Topic


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a handbook under a heading; parts that are empty are not printed."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    table: tuple[tuple[str, str], ...] = ()
    questions: tuple[tuple[str, str], ...] = ()


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
