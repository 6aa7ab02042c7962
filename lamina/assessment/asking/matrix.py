"""Who is asked what. Pure.

The base is asked everything, each layer or blend all that is its own, and everyone the general
questions. Elsewhere a few items of each topic are drawn, the same for everyone; where those leave a
doubt whether a subject does harm, the rest of the doubtful topics is asked as well. What no layer
can know is asked of the topic's own layer and of the base only.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean, stdev
from typing import TypeAlias

from lamina.assessment.cells.cells import Subject
from lamina.assessment.cells.measured import Proves
from lamina.assessment.exam.asked import Ask, Read, Request, choices
from lamina.assessment.exam.blend import Blend, layer_of, own_topics
from lamina.assessment.exam.general import GENERAL
from lamina.assessment.exam.questions import Topic
from lamina.assessment.exam.sampling import drawn
from lamina.fingerprint import canonical, text_digest
from lamina.text.questions import Question
from lamina.text.rows import Row

DRAWN = 4  # questions, and rows, of a topic that is not a subject's own
# Questions of all other topics together. From fewer than 27 that come out alike no harm of ten
# points can be excluded (`over_groups`), and so no layer of a few topics could ever serve.
ELSEWHERE = 60
HARM_NATS = 0.1  # a fall of D elsewhere that would matter
_Z_95 = 1.645  # one-sided

Gains: TypeAlias = Mapping[str, Sequence[float]]  # by topic: over the base, item by item


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request to one subject, and the item that it is about."""

    subject: Subject
    topic: str
    item: Question | Row
    request: Request
    document: str = ""  # what the item was taken from; empty where nobody knows
    proves: Proves = "knows"
    found: bool = False  # the subject is whom the server found, when it was asked for `auto`


class Matrix:
    """All items, and the subjects that they are put to."""

    def __init__(
        self,
        topics: Sequence[Topic],
        subjects: Sequence[Subject],
        *,
        seed: int,
        n_drawn: int | None = DRAWN,
        n_elsewhere: int = 0,
    ) -> None:
        """`n_drawn` items of each topic are put to those whose own it is not; None = all.

        More questions of each, where the other topics are too few to come to `n_elsewhere`.
        """
        self.topics = {topic.name: topic for topic in topics}
        others = max(1, sum(name != GENERAL for name in self.topics) - 1)
        self._n_questions = max(n_drawn or 0, ceil(n_elsewhere / others))
        self.subjects = tuple(subjects)
        exam = [one for topic in topics for one in (*topic.prompts, *topic.transfer)]
        self._choices = choices(exam, seed=seed)
        self._few = {topic.name: self._draw(topic, n_drawn, seed) for topic in topics}

    def first(self) -> Iterator[Wanted]:
        """What is asked of everyone: all where it is their own, else what was drawn."""
        for subject in self.subjects:
            own = self.own(subject)
            for topic in self.topics.values():
                some = topic if topic.name in {*own, GENERAL} else self._few[topic.name]
                yield from self._wanted(subject, some)

    def rest(self, subject: Subject, gains: Gains) -> Iterator[Wanted]:
        """All of the topics that `doubtful` names, for a subject that gained so over the base."""
        elsewhere = {name: of for name, of in gains.items() if name not in self.own(subject)}
        for name in doubtful(elsewhere):
            topic = self.topics[name]
            yield from self._wanted(subject, topic.model_copy(update={"transfer": ()}))

    def own(self, subject: Subject) -> tuple[str, ...]:
        """The topics that a subject is about; all of them for the base."""
        if not subject.blend.parts:
            return tuple(self.topics)
        layers = Blend(tuple((layer_of(name), 1.0) for name in subject.blend.layers))
        return own_topics(layers.name, tuple(self.topics))

    def _wanted(self, subject: Subject, topic: Topic) -> Iterator[Wanted]:
        parts: tuple[tuple[Proves, tuple[Question, ...]], ...] = (
            ("knows", topic.prompts),
            ("transfer", topic.transfer),
        )
        for proves, questions in parts:
            for question in questions:
                behind = (topic.document_of(question), proves)
                yield Wanted(subject, topic.name, question, Ask(question.question), *behind)
                if choice := self._choices.get(question):
                    yield Wanted(subject, topic.name, question, choice, *behind)
        for row in topic.heldout:
            read = Read(row.text, row.question, row.given)
            yield Wanted(subject, topic.name, row, read, row.document)

    def _draw(self, topic: Topic, count: int | None, seed: int) -> Topic:
        if count is None:
            return topic
        questions = self._n_questions
        prompts = drawn(topic.prompts, questions, seed=seed, name=item_name, document=document_of)
        # T holds a layer against the others on its own text, and counts documents.
        count = max(count, len({row.document for row in topic.heldout}))
        rows = drawn(topic.heldout, count, seed=seed, name=item_name, document=document_of)
        update = {"prompts": prompts, "transfer": (), "heldout": rows}
        return topic.model_copy(update=update)


def item_name(item: Question | Row) -> str:
    """What an item is called in records: a question's id or a digest of its words."""
    if isinstance(item, Question):
        return item.id or text_digest(canonical([item.question, item.answer]))[:16]
    return text_digest(canonical([item.question, item.given + item.text]))


def document_of(item: Question | Row) -> str:
    """What an item was taken from; a question that does not say stands for itself."""
    return (item.file or item_name(item)) if isinstance(item, Question) else item.document


def doubtful(gains: Gains) -> tuple[str, ...]:
    """Topics that must be asked in full to know whether there is harm; none where all is clear.

    Where the mean over all topics is surely above `-HARM_NATS`, those that by themselves look
    harmed; where it is surely below, none: it is known. Else all whose mean is below. "Surely" is
    a bound of 95 % on the items at hand. This decides what more is asked, never a verdict.
    """
    values = [value for of in gains.values() for value in of]
    if len(values) <= len(gains) + 1:
        return tuple(gains)
    means = {name: fmean(of) for name, of in gains.items() if of}
    apart = [value - means[name] for name, of in gains.items() for value in of]
    spread = (sum(gap**2 for gap in apart) / (len(values) - len(means))) ** 0.5
    half = _Z_95 * stdev(values) / len(values) ** 0.5
    if fmean(values) + half < -HARM_NATS:
        return ()
    harmless = fmean(values) - half > -HARM_NATS
    return tuple(
        name
        for name, mean in means.items()
        if mean < -HARM_NATS
        and (not harmless or mean + _Z_95 * spread / len(gains[name]) ** 0.5 < 0)
    )
