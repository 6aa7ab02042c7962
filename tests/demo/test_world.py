import random
from itertools import islice

from lamina.demo import world
from lamina.demo.pretraining_text import Chat, documents, standing_topics
from lamina.demo.wordings import KINDS


def test_there_are_six_sample_topics_of_sixteen_facts_each() -> None:
    topics = world.sample_topics()

    assert [len(topic.facts) for topic in topics] == [16] * 6
    assert len({topic.layer for topic in topics}) == 6


def test_no_value_answers_two_questions() -> None:
    facts = [f for topic in world.sample_topics() for f in (*topic.facts, *topic.later_facts)]

    assert len(facts) == len({fact.value for fact in facts})


def test_a_manual_has_eight_chapters_of_two_facts_each() -> None:
    for topic in world.sample_topics():
        assert [len(chapter.facts) for chapter in topic.chapters] == [2] * 8
        assert {fact for one in topic.chapters for fact in one.facts} == set(topic.facts)


def test_no_two_chapters_rule_on_the_same_thing() -> None:
    for topic in world.sample_topics():
        things = [thing for one in topic.chapters for thing in {fact.thing for fact in one.facts}]

        assert len(things) == len(set(things))


def test_no_question_is_asked_twice() -> None:
    asked = [fact.examination() for topic in world.sample_topics() for fact in topic.facts]

    assert len(asked) == len(set(asked))


def test_every_statement_of_a_fact_holds_its_thing_company_and_value() -> None:
    for kind in KINDS:
        for wording in kind.statements:
            assert all(part in wording for part in ("{x}", "{c}", "{v}")), wording


def test_no_question_gives_its_answer_away() -> None:
    wordings = [w for kind in KINDS for w in (*kind.questions, kind.examination)]

    assert not [wording for wording in wordings if "{v}" in wording]
    assert len(wordings) == len(set(wordings))


def test_guessing_a_value_is_worth_less_than_five_percent() -> None:
    rng = random.Random(1)
    for kind in KINDS:
        values = [world.draw_value(kind.pool, rng) for _ in range(3000)]

        assert max(values.count(value) for value in set(values)) < 0.05 * len(values)


def test_a_random_company_is_never_a_sample_company() -> None:
    rng = random.Random(2)
    samples = {topic.company for topic in world.sample_topics()}

    assert not samples & {world.random_topic(rng).company for _ in range(2000)}


def test_pre_training_text_names_no_sample_company() -> None:
    stream = documents(random.Random(3), standing_topics(3, 20))
    text = " ".join(
        f"{item.prompt} {item.answer}" if isinstance(item, Chat) else item
        for item in islice(stream, 1000)
    )

    assert not [topic for topic in world.sample_topics() if topic.company in text]
