"""What a run asks, what it leaves out, and what it asks again."""

from pathlib import Path

import pytest
from fake_layer_server import FakeLayerServer
from qa_samples import row_of

from lamina.assessment.asking.order import QaOrder
from lamina.assessment.assess import qa_layers
from lamina.assessment.exam.behind import KnownFile
from lamina.assessment.exam.general import GENERAL
from lamina.assessment.report.files import read_report, read_summary
from lamina.errors import DamagedError
from lamina.progress import Silent
from lamina.store import Stage, Store
from lamina.text.rows import write_rows


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def questions_asked(server: FakeLayerServer) -> int:
    """Questions, choices and texts."""
    items = sum(len(body["items"]) for body in server.asked("/v1/score"))
    return len(server.asked("/v1/chat/completions")) + items


def test_with_one_of_three_layers_changed_only_its_cells_are_asked(
    order: QaOrder, store: Store, server: FakeLayerServer
) -> None:
    by_name = order.model_copy(update={"via": "model"})
    qa_layers(by_name, store=store, progress=Silent())
    server.requests.clear()
    server.layers["Leases"] = "9" * 64

    qa_layers(by_name, store=store, progress=Silent())

    assert {body["model"] for _, body in server.requests} == {"Leases"}


def test_what_a_question_is_graded_by_is_asked_of_nobody(
    order: QaOrder, store: Store, server: FakeLayerServer
) -> None:
    first = qa_layers(order, store=store, progress=Silent())
    path = order.prompts / "Leases.jsonl"
    path.write_text(path.read_text().replace('"file": "Leases-1.pdf"', '"file": "Leases-2.pdf"'))
    asked = questions_asked(server)

    second = qa_layers(order, store=store, progress=Silent())

    assert second != first
    assert questions_asked(server) == asked


def test_what_could_not_be_measured_is_named_and_asked_by_the_next_run(
    order: QaOrder, store: Store, server: FakeLayerServer
) -> None:
    server.refusals = {"Idle question 3?": [413] * 99}
    first = qa_layers(order, store=store, progress=Silent())
    facts = read_summary(store.open(first)).facts

    assert "'Idle question 3?'" in facts["Not measured"]
    assert "not now" in facts["Not measured"]

    server.refusals = {}
    second = qa_layers(order, store=store, progress=Silent())
    assert "Not measured" not in read_summary(store.open(second)).facts


def test_a_question_that_was_trained_on_is_not_asked_and_is_named(
    order: QaOrder, store: Store, server: FakeLayerServer, tmp_path: Path
) -> None:
    trained = tmp_path / "train.jsonl"
    row = row_of("Idle", 0).model_copy(update={"question": "Leases  question 3?"})
    write_rows(trained, [row_of("Idle", 1), row])
    order = order.model_copy(update={"trained": (trained,)})

    facts = read_summary(store.open(qa_layers(order, store=store, progress=Silent()))).facts

    said = [body["messages"][-1]["content"] for body in server.asked("/v1/chat/completions")]
    assert "Leases question 3?" not in said
    assert "Leases question 4?" in said
    assert facts["Not counted"].endswith("trained on: Leases question 3?")


def test_a_broken_row_of_training_is_damage(order: QaOrder, store: Store, tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("[]\n")
    broken = order.model_copy(update={"trained": (tmp_path / "train.jsonl",)})

    with pytest.raises(DamagedError, match=r"line 1 of .*train\.jsonl"):
        qa_layers(broken, store=store, progress=Silent())


def test_what_a_layer_was_not_trained_on_is_reported_apart(
    order: QaOrder, store: Store, server: FakeLayerServer
) -> None:
    files = [
        KnownFile(layer="Leases", name=f"Leases-{n}.pdf", digest=f"{n}" * 64) for n in range(8)
    ]
    documents = {
        "documents": [one.digest for one in files],
        "test_documents": [one.digest for one in files[5:]],
    }
    rows = store.once("dataset", Stage("build", 1), {}, lambda _: documents)
    for number in range(5, 8):  # what was held out it cannot answer
        del server.answers["Leases"][f"Leases question {number}?"]
    apart = order.model_copy(
        update={"files": tuple(files), "datasets": {"Leases": rows}, "layers": ("Leases",)}
    )

    summary, records = read_report(store.open(qa_layers(apart, store=store, progress=Silent())))

    (worth,) = summary.worths
    assert (worth.verdict.n, worth.verdict.documents) == (5, 5)
    assert worth.verdict.inferred is not None
    assert (worth.verdict.inferred.n, worth.verdict.inferred.value) == (3, 0)
    assert (worth.correct, worth.correct_unseen) == (1, 0)
    assert "that they were not trained on, and cannot know, they answered 0%" in (
        summary.headline.sentence
    )
    unseen = {one.document for one in records if getattr(one, "proves", "") == "transfer"}
    assert unseen == {"Leases-5.pdf", "Leases-6.pdf", "Leases-7.pdf"}


def test_everyone_is_asked_the_general_questions(
    order: QaOrder, store: Store, server: FakeLayerServer
) -> None:
    some = order.model_copy(update={"general": True, "via": "model", "layers": ("Leases",)})

    summary = read_summary(store.open(qa_layers(some, store=store, progress=Silent())))

    asked = [
        body["model"]
        for body in server.asked("/v1/chat/completions")
        if body["messages"][-1]["content"] == "What is 9 times 8?"
    ]
    assert sorted(asked) == ["Leases", "base"]
    assert GENERAL in summary.topics


def test_a_layer_that_looks_harmful_on_a_few_is_asked_the_rest(
    order: QaOrder, store: Store, server: FakeLayerServer
) -> None:
    server.answers[""] = server.answers["Goodwill"]  # which the base knows, and Leases does not
    few = order.model_copy(update={"via": "model", "layers": ("Leases",), "n_drawn": 2})

    qa_layers(few, store=store, progress=Silent())

    asked = [
        body["messages"][-1]["content"].split()[0]
        for body in server.asked("/v1/chat/completions")
        if body["model"] == "Leases"
    ]
    assert {topic: asked.count(topic) for topic in set(asked)} == {
        "Leases": 8, "Goodwill": 8, "Idle": 2
    }  # fmt: skip
