"""`auto` in QA: whom the server finds for each question, beside the right layer and the base."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from fake_layer_server import FakeLayerServer
from qa_samples import N_QUESTIONS, prompts_of
from spoken import answer

from lamina.assessment.asking.order import QaOrder
from lamina.assessment.asking.replies import KnownLayer, ServedBase
from lamina.assessment.asking.served import Served
from lamina.assessment.assess import known_report, qa_layers
from lamina.assessment.exam.general import GENERAL, general_questions
from lamina.assessment.report.auto import Auto, auto_of
from lamina.assessment.report.files import read_report, read_summary
from lamina.assessment.report.records import AnswerRecord, AnyRecord
from lamina.assessment.report.summary import Summary
from lamina.assessment.report.table import Table
from lamina.progress import Silent
from lamina.stages import outcomes
from lamina.stages.pod import Pod
from lamina.store import Store

LEASES = [one.question for one in prompts_of("Leases")]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def finding(server: FakeLayerServer) -> FakeLayerServer:
    """A server that finds the right layer for everything but two questions about leases."""
    layers = ("Goodwill", "Idle", "Leases")
    server.found = {one.question: layer for layer in layers for one in prompts_of(layer)}
    server.found |= {LEASES[0]: "Goodwill", LEASES[1]: "base"}
    return server


def asked(order: QaOrder, store: Store) -> Summary:
    return read_summary(store.open(qa_layers(order, store=store, progress=Silent())))


def answers_asked(server: FakeLayerServer) -> int:
    """Without those that only find a layer."""
    return sum(body["model"] != "auto" for body in server.asked("/v1/chat/completions"))


@pytest.mark.usefixtures("finding")
def test_a_topic_says_how_often_its_layer_was_found_and_what_that_cost(
    order: QaOrder, store: Store
) -> None:
    auto = asked(order, store).auto

    assert auto is not None
    leases = auto.topics[-1]
    assert (leases.topic, leases.n, leases.found, leases.correct) == ("Leases", 8, 0.75, 0.75)
    assert leases.layer is not None
    assert (leases.layer.correct, leases.layer.gain) == (1.0, -0.25)
    assert leases.base is not None
    assert (leases.base.correct, leases.base.gain) == (0.0, 0.75)
    assert auto.all.found == pytest.approx(22 / 24)
    assert "the right layer for 92% of 24 questions" in auto.sentence


def test_only_where_another_layer_is_found_an_answer_more_is_asked(
    order: QaOrder, store: Store, server: FakeLayerServer, tmp_path: Path
) -> None:
    few = order.model_copy(update={"n_drawn": 1})
    qa_layers(few, store=store, progress=Silent())
    without = answers_asked(server)
    server.found = dict.fromkeys(LEASES, "Leases") | {LEASES[0]: "Goodwill:0.5+Leases:0.5"}

    qa_layers(few, store=Store(tmp_path / "other"), progress=Silent())

    # What the fake server has no word of it leaves to the base, which was asked everything.
    assert answers_asked(server) == without + without + 1


def test_where_nothing_changed_nobody_is_found_again(
    order: QaOrder, store: Store, finding: FakeLayerServer
) -> None:
    first = qa_layers(order, store=store, progress=Silent())
    before = len(finding.requests)
    known = tuple(KnownLayer(name, digest, 0.0) for name, digest in finding.layers.items())
    served = Served(ServedBase(finding.base, 1), known, finds=True)

    assert qa_layers(order, store=store, progress=Silent()) == first
    nowhere = order.model_copy(update={"server_url": ""})
    assert known_report(nowhere, served, store=store) == first
    assert len(finding.requests) == before


def test_a_layer_that_changed_has_all_questions_find_their_layer_again(
    order: QaOrder, store: Store, finding: FakeLayerServer
) -> None:
    qa_layers(order, store=store, progress=Silent())
    finding.layers["Idle"] = "9" * 64
    finding.requests.clear()

    qa_layers(order, store=store, progress=Silent())

    found = [b for b in finding.asked("/v1/chat/completions") if b["model"] == "auto"]
    assert len(found) == 3 * N_QUESTIONS


def test_auto_decides_no_verdict(order: QaOrder, store: Store, finding: FakeLayerServer) -> None:
    without = asked(order.model_copy(update={"auto": False}), store)
    finding.found = dict.fromkeys(finding.found, "Idle")

    summary = asked(order, store)

    assert summary.auto is not None
    assert summary.worths == without.worths
    assert summary.cells == without.cells
    assert summary.blends == without.blends


def test_its_answers_stand_among_all_others(
    order: QaOrder, store: Store, finding: FakeLayerServer
) -> None:
    assert finding.found
    _, records = read_report(store.open(qa_layers(order, store=store, progress=Silent())))

    said = {
        one.question: (one.by, one.correct)
        for one in records
        if isinstance(one, AnswerRecord) and one.blend == "auto"
    }
    assert said[LEASES[0]] == ("Goodwill", False)
    assert said[LEASES[2]] == ("Leases", True)


@pytest.mark.usefixtures("finding")
def test_a_program_gets_all_of_it(order: QaOrder, store: Store) -> None:
    report = qa_layers(order, store=store, progress=Silent())
    pod = cast("Pod", SimpleNamespace(store=store))

    (made,) = outcomes.of_report(pod, Path("report.html"), report).made

    assert made.content == {"auto": asked(order, store).model_dump(mode="json")["auto"]}


def test_without_profiles_the_report_says_that_it_was_not_asked(
    order: QaOrder, store: Store
) -> None:
    summary = asked(order, store)

    assert summary.auto is None
    assert summary.facts["Auto"] == "not asked: no layer has a profile"
    switched_off = asked(order.model_copy(update={"auto": False}), store)
    assert switched_off.facts["Auto"] == "not asked, as it was ordered"


def test_beside_the_version_that_serves_a_candidate_cannot_be_found(
    order: QaOrder, store: Store, finding: FakeLayerServer
) -> None:
    finding.layers["Leases.serving"] = "8" * 64

    assert asked(order, store).facts["Auto"].startswith("not asked: versions that serve")


def by(who: str, topic: str, number: int, *, right: bool) -> AnswerRecord:
    return answer("auto", topic, number, right=right, by=who)


def judged(records: Sequence[AnyRecord]) -> Auto:
    auto = auto_of(Table(records), 0.05)
    assert auto is not None
    return auto


def test_a_blend_with_the_right_layer_in_it_is_found() -> None:
    found = [
        by("Leases:0.5+Debt:0.5", "Leases", 0, right=True),
        by("Debt", "Leases", 1, right=True),
    ]

    assert judged(found).all.found == 0.5


def test_the_difference_has_an_interval_over_documents_where_there_are_several() -> None:
    layer = [answer("Leases", "Leases", number, right=True) for number in range(8)]
    auto = [by("Leases", "Leases", number, right=number > 1) for number in range(8)]

    (several,) = judged([*layer, *auto]).topics
    (one,) = judged([*layer[:2], *auto[:2]]).topics

    assert several.layer is not None
    assert several.layer.gain == -0.25
    assert several.layer.low is not None
    assert several.layer.low < -0.25 < (several.layer.high or 0)
    assert one.layer is not None
    assert (one.layer.gain, one.layer.low) == (-1.0, None)


def test_general_questions_are_for_the_base() -> None:
    asked = [one.question for one in general_questions()][:4]
    general = [by("base" if n else "Leases", GENERAL, n, right=True) for n in range(len(asked))]

    auto = judged([by("Leases", "Leases", 0, right=True), *general])

    assert [(row.topic, row.found) for row in auto.topics] == [("Leases", 1.0), (GENERAL, 0.75)]
    assert auto.all.n == 1
    assert "it left 75% to the base" in auto.sentence
