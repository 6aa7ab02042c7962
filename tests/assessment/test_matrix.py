from qa_samples import N_QUESTIONS, topic_of

from lamina.assessment.asking.matrix import Matrix, Wanted, doubtful, item_name
from lamina.assessment.cells.cells import Subject
from lamina.assessment.exam.asked import Ask, Choose, Read
from lamina.assessment.exam.blend import parse_blend
from lamina.assessment.exam.general import GENERAL
from lamina.assessment.exam.questions import Topic

TOPICS = tuple(topic_of(layer) for layer in ("Goodwill", "Idle", "Leases"))
NAMES = ("base", "Leases", "Goodwill", "Leases:0.5+Goodwill:0.5")
SUBJECTS = {
    name: Subject(parse_blend(name), tuple(layer * 2 for layer in parse_blend(name).layers))
    for name in NAMES
}


def matrix(n_drawn: int | None = 2) -> Matrix:
    return Matrix(TOPICS, tuple(SUBJECTS.values()), seed=1, n_drawn=n_drawn)


def asked(wanted: list[Wanted], name: str, topic: str, kind: type = Ask) -> list[str]:
    return [
        item_name(one.item)
        for one in wanted
        if one.subject.blend.name == name and one.topic == topic and isinstance(one.request, kind)
    ]


def test_the_base_is_asked_everything_in_three_ways() -> None:
    wanted = list(matrix().first())

    for topic in TOPICS:
        for kind in (Ask, Choose, Read):
            assert len(set(asked(wanted, "base", topic.name, kind))) == N_QUESTIONS


def test_a_layer_is_asked_all_of_its_own_and_a_few_of_each_other_topic() -> None:
    wanted = list(matrix().first())

    assert len(asked(wanted, "Leases", "Leases")) == N_QUESTIONS
    assert len(asked(wanted, "Leases", "Goodwill")) == 2
    assert len(asked(wanted, "Leases:0.5+Goodwill:0.5", "Goodwill")) == N_QUESTIONS


def test_of_few_other_topics_more_is_asked_and_no_more_texts() -> None:
    few = Matrix(TOPICS, tuple(SUBJECTS.values()), seed=1, n_drawn=2, n_elsewhere=11)
    wanted = list(few.first())

    assert [len(asked(wanted, "Leases", topic)) for topic in ("Goodwill", "Idle")] == [6, 6]
    assert len(asked(wanted, "Leases", "Goodwill", Read)) == 4  # one a document


def test_what_a_topics_layer_cannot_know_is_asked_of_it_and_of_the_base_alone() -> None:
    goodwill, idle, leases = TOPICS
    known, unseen = leases.prompts[:5], leases.prompts[5:]
    apart = leases.model_copy(update={"prompts": known, "transfer": unseen})
    wanted = list(
        Matrix((goodwill, idle, apart), tuple(SUBJECTS.values()), seed=1, n_drawn=8).first()
    )

    transfer = [one for one in wanted if one.proves == "transfer"]
    assert {one.item for one in transfer} == set(unseen)
    assert {one.subject.blend.name for one in transfer} == {
        "base", "Leases", "Leases:0.5+Goodwill:0.5"
    }  # fmt: skip
    assert len(asked(wanted, "Goodwill", "Leases")) == 5


def test_a_question_has_the_same_wrong_answers_wherever_its_document_is() -> None:
    leases = TOPICS[2]
    apart = leases.model_copy(
        update={"prompts": leases.prompts[:5], "transfer": leases.prompts[5:]}
    )

    def choices(topic: Topic) -> set[Choose]:
        matrix = Matrix((*TOPICS[:2], topic), (SUBJECTS["base"],), seed=1)
        return {one.request for one in matrix.first() if isinstance(one.request, Choose)}

    assert choices(apart) == choices(leases)


def test_everyone_is_asked_the_same_few() -> None:
    wanted = list(matrix().first())

    assert asked(wanted, "Leases", "Idle") == asked(wanted, "Goodwill", "Idle")


def test_the_few_are_of_different_documents() -> None:
    rows = [
        one.item.document
        for one in matrix(4).first()
        if one.subject.blend.name == "Leases" and one.topic == "Idle" and hasattr(one.item, "layer")
    ]

    assert len(set(rows)) == len(rows) == 4


def test_the_few_stay_when_a_question_is_added() -> None:
    more = TOPICS[1].model_copy(update={"prompts": (*TOPICS[1].prompts, TOPICS[0].prompts[0])})
    grown = Matrix((TOPICS[0], more, TOPICS[2]), tuple(SUBJECTS.values()), seed=1, n_drawn=4)

    before = set(asked(list(matrix(4).first()), "Leases", "Idle"))
    assert len(before - set(asked(list(grown.first()), "Leases", "Idle"))) <= 1


def test_where_no_lot_is_drawn_all_are_asked() -> None:
    wanted = list(matrix(None).first())

    assert len(asked(wanted, "Leases", "Goodwill")) == N_QUESTIONS


def test_clear_harm_and_clear_harmlessness_leave_no_doubt() -> None:
    assert doubtful({"Idle": [0.0, 0.01] * 9, "Goodwill": [0.02, -0.01] * 9}) == ()
    assert doubtful({"Idle": [-2.0, -2.1] * 9, "Goodwill": [-1.9, -2.0] * 9}) == ()


def test_the_topic_that_looks_harmed_is_doubtful_where_the_whole_is_not_clear() -> None:
    assert doubtful({"Idle": [-1.0, 0.2, -0.9], "Goodwill": [0.5, 0.4, 0.3]}) == ("Idle",)


def test_one_ruined_topic_of_many_is_doubtful_though_the_mean_is_harmless() -> None:
    gains = {f"T{number}": [0.1, -0.1, 0.05, 0.0] for number in range(24)}

    assert doubtful(gains) == ()
    assert doubtful({**gains, "T7": [-0.8, -0.9, -1.0, -0.7]}) == ("T7",)


def test_what_serves_is_asked_all_that_the_candidate_for_its_place_is() -> None:
    serving = Subject(parse_blend("Leases.serving"), ("s",))
    wanted = list(Matrix(TOPICS, (serving,), seed=1, n_drawn=2).first())

    assert len(asked(wanted, "Leases.serving", "Leases")) == N_QUESTIONS
    assert len(asked(wanted, "Leases.serving", "Idle")) == 2


def test_general_questions_are_asked_of_everyone_in_full() -> None:
    general = TOPICS[1].model_copy(update={"name": GENERAL})
    wanted = list(Matrix((TOPICS[2], general), (SUBJECTS["Leases"],), seed=1, n_drawn=2).first())

    assert len(asked(wanted, "Leases", GENERAL)) == N_QUESTIONS


def test_every_document_of_the_test_text_is_read_by_every_layer() -> None:
    rows = [one.item for one in matrix(1).first() if isinstance(one.request, Read)]
    mine = {row.document for row in rows}

    assert len(asked(list(matrix(1).first()), "Leases", "Idle", Read)) == len(mine) == 4


def test_a_doubtful_topic_is_asked_in_full() -> None:
    gains = {"Leases": [9.0] * 8, "Idle": [-1.0, 0.2], "Goodwill": [0.5, 0.4]}
    rest = list(matrix().rest(SUBJECTS["Leases"], gains))

    assert len(asked(rest, "Leases", "Idle")) == N_QUESTIONS
    assert {one.topic for one in rest} == {"Idle"}
