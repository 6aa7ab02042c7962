"""A person's word on an answer wins over the grader, wherever grades are read."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fake_layer_server import FakeLayerServer
from hypothesis import given
from hypothesis import strategies as st
from matrix_runs import Run
from qa_samples import topic_of

from lamina.assessment.asking.matrix import item_name
from lamina.assessment.asking.order import QaOrder
from lamina.assessment.assess import qa_layers
from lamina.assessment.exam.blend import serving_name
from lamina.assessment.grading.overrides import (
    Override,
    Overrides,
    add_override,
    read_overrides,
)
from lamina.assessment.report.files import read_report
from lamina.assessment.report.records import AnswerRecord
from lamina.assessment.report.view import records
from lamina.assessment.report.worth import measured
from lamina.errors import InvalidInputError
from lamina.progress import Silent
from lamina.store import Store

WHEN = datetime(2026, 11, 27, tzinfo=UTC)


def decided(**fields: Any) -> Override:  # noqa: ANN401 - any field
    plain = {"question": "q", "answer": "1,234", "verdict": "right", "who": "Ada", "why": "units"}
    return Override(**(plain | {"when": WHEN} | fields))


def found(*decisions: Override, **asked: str) -> str | None:
    place = {"question": "q", "topic": "Leases", "layer": "Leases", "answer": "1,234"} | asked
    one = Overrides(decisions).find(**place)
    return one.verdict if one else None


def test_it_is_about_that_very_answer() -> None:
    assert found(decided()) == "right"
    assert found(decided(), answer=" 1,234\n") == "right"
    assert found(decided(), answer="1,235") is None
    assert found(decided(), question="p") is None


def test_it_is_about_the_layer_that_it_names() -> None:
    assert found(decided(layer="Debt")) is None
    assert found(decided(layer="Debt"), layer="Debt") == "right"


def test_it_is_about_the_topic_that_it_names() -> None:
    assert found(decided(topic="Debt")) is None
    assert found(decided(topic="Leases")) == "right"


def test_what_names_the_layer_counts_before_what_is_for_all() -> None:
    for_all, for_one = decided(), decided(layer="Leases", verdict="wrong")

    assert found(for_one, for_all) == "wrong"
    assert found(for_one, for_all, layer="Debt") == "right"


def test_the_later_line_counts() -> None:
    assert found(decided(), decided(verdict="wrong")) == "wrong"


@given(answer=st.text(), why=st.text(min_size=1))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, answer: str, why: str
) -> None:
    path = tmp_path_factory.mktemp("qa") / "overrides.jsonl"
    add_override(path, decided(question="first"))

    add_override(path, decided(answer=answer, why=why))

    assert [one.question for one in read_overrides(path)] == ["first", "q"]
    assert list(read_overrides(path))[1] == decided(answer=answer, why=why)


def test_a_line_is_added_behind_one_that_was_not_ended(tmp_path: Path) -> None:
    path = tmp_path / "overrides.jsonl"
    path.write_text("\ufeff" + decided(question="by hand").model_dump_json())

    add_override(path, decided())

    assert [one.question for one in read_overrides(path)] == ["by hand", "q"]


def test_no_file_is_no_decision(tmp_path: Path) -> None:
    assert list(read_overrides(tmp_path / "overrides.jsonl")) == []
    assert list(read_overrides(None)) == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("verdict", "maybe", "verdict: Input should be 'right' or 'wrong'"),
        ("when", "some day", "when: "),
        ("who", "", "who: "),
        ("reason", "x", "reason: Extra inputs are not permitted"),
    ],
)
def test_a_line_that_is_no_decision_is_named(
    tmp_path: Path, field: str, value: str, said: str
) -> None:
    path = tmp_path / "overrides.jsonl"
    line = decided().model_dump(mode="json")
    path.write_text(json.dumps(line) + "\n\n" + json.dumps(line | {field: value}) + "\n")

    with pytest.raises(InvalidInputError) as refused:
        read_overrides(path)

    assert f"line 3 of {path} is no override ({said}" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "overrides.jsonl"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(InvalidInputError, match="no UTF-8"):
        read_overrides(path)


@pytest.fixture
def run(server: FakeLayerServer, tmp_path: Path) -> Run:
    """Idle says `unknown` to everything, and so does the base."""
    names = ("base", "Idle", "Leases")
    one = Run(server.url, tmp_path / "cells", (topic_of("Leases"),), names)
    one.fill()
    return one


def answers(run: Run, *decisions: Override) -> dict[tuple[str, str], AnswerRecord]:
    given = records(run.wanted, run.cells, Overrides(decisions))
    return {(one.blend, one.question): one for one in given if isinstance(one, AnswerRecord)}


def of(number: int, **fields: Any) -> Override:  # noqa: ANN401 - any field
    question = topic_of("Leases").prompts[number]
    return decided(question=item_name(question), answer="unknown", **fields)


def test_an_overruled_answer_counts_as_decided_and_says_so(run: Run) -> None:
    by = answers(run, of(0, layer="Idle"))

    one = by["Idle", "Leases question 0?"]
    assert one.correct
    assert one.why == "overruled by Ada: units"
    assert one.overruled is not None
    assert (one.overruled.who, one.overruled.graded) == ("Ada", False)
    assert not by["Idle", "Leases question 1?"].correct
    assert not by["base", "Leases question 0?"].correct


def test_an_override_for_all_counts_for_base_and_layers_alike(run: Run) -> None:
    by = answers(run, of(0))

    assert by["Idle", "Leases question 0?"].correct
    assert by["base", "Leases question 0?"].correct


def test_what_serves_is_overruled_as_the_layer_that_it_is(
    server: FakeLayerServer, tmp_path: Path
) -> None:
    server.layers[serving_name("Idle")] = "4" * 64
    names = ("base", "Idle", serving_name("Idle"))
    run = Run(server.url, tmp_path / "cells", (topic_of("Leases"),), names)
    run.fill()

    by = answers(run, of(0, layer="Idle"))

    assert by[serving_name("Idle"), "Leases question 0?"].correct


def test_verdicts_read_the_grade_that_was_decided(run: Run) -> None:
    given = records(run.wanted, run.cells, Overrides([of(0, layer="Idle")]))

    values = [one.value for one in measured(given)["Idle"] if one.kind == "G"]
    assert sum(values) == 1


def test_a_report_is_made_again_when_a_decision_came_and_names_it(
    order: QaOrder, tmp_path: Path
) -> None:
    store = Store(tmp_path / "store")
    order = order.model_copy(update={"overrides": tmp_path / "overrides.jsonl"})
    before = qa_layers(order, store=store, progress=Silent())
    add_override(tmp_path / "overrides.jsonl", of(0))
    add_override(tmp_path / "overrides.jsonl", of(1, who="Bob").model_copy(update={"answer": "x"}))

    after = qa_layers(order, store=store, progress=Silent())

    assert after != before
    summary, _ = read_report(store.open(after))
    told = summary.facts["Overruled"]
    assert told == (
        "2 decisions by Ada, Bob count for 3 grades; 1 of them about answers that nobody gives now"
    )
    page = (store.open(after) / "report.html").read_text()
    assert "<h2>Overruled</h2>" in page
    assert "Ada, 2026-11-27: units" in page


def test_a_broken_line_ends_a_run_before_anything_is_asked(
    order: QaOrder, tmp_path: Path, server: FakeLayerServer
) -> None:
    (tmp_path / "overrides.jsonl").write_text("{}\n")
    order = order.model_copy(update={"overrides": tmp_path / "overrides.jsonl"})

    with pytest.raises(InvalidInputError, match="line 1 of"):
        qa_layers(order, store=Store(tmp_path / "store"), progress=Silent())

    assert server.requests == []
