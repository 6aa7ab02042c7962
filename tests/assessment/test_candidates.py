"""A version that waits is judged on a server of its own, beside what serves in its place."""

import json
from pathlib import Path

import pytest
from made import LAYERS, Made

from lamina.assessment.report.files import read_report, read_summary
from lamina.assessment.report.records import AnswerRecord
from lamina.orders import AskLayers
from lamina.stages import outcomes, overruling, worth

pytestmark = pytest.mark.service
NAME, OTHER = LAYERS


def test_what_was_asked_before_starts_no_server(
    miniature: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pod = miniature.published().copy(tmp_path / "pod")
    exam = pod.workspace.prompts / f"{NAME}.jsonl"
    exam.write_text('{"question": "What is 1?", "answer": "1"}\n')
    order = AskLayers(start_server=True, max_tokens=2)
    first = worth.qa_layers(pod, order)

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a server was started")

    monkeypatch.setattr("lamina.serving.launch.running_server", refuse)
    assert worth.qa_layers(pod, order) == first
    exam.write_text('{"question": "What is 2?", "answer": "2"}\n')
    assert worth.known_report(pod, order) is None


def test_a_persons_word_shows_in_what_changed_and_asks_nobody(
    miniature: Made, tmp_path: Path
) -> None:
    pod = miniature.published().copy(tmp_path / "pod")
    exam = pod.workspace.prompts / f"{NAME}.jsonl"
    exam.write_text('{"question": "What is 1?", "answer": "1"}\n')
    order = AskLayers(start_server=True, max_tokens=2)
    worth.publish_report(pod, worth.qa_layers(pod, order))
    _, records = read_report(pod.workspace.qa)
    answer = next(one for one in records if isinstance(one, AnswerRecord) and one.blend == NAME)
    assert not answer.correct

    overruling.overrule(pod, answer.key, "right", why="by chance", layer=NAME, who="Ada")
    against = order.model_copy(update={"against": str(pod.workspace.qa)})
    report = worth.known_report(pod, against)

    assert report is not None
    page = worth.publish_report(pod, report)
    _, changed = outcomes.of_report(pod, page, report).made
    assert changed.path == pod.workspace.qa / "changes.json"
    assert (changed.figures["answers won"], changed.figures["answers lost"]) == (1, 0)
    assert "answers won 1 changed" in worth.report_markdown(pod, report, page)


def test_a_candidate_is_judged_beside_what_serves(miniature: Made, tmp_path: Path) -> None:
    pod = miniature.published().copy(tmp_path / "pod")
    another = miniature.store.path(miniature.exported(OTHER)) / "adapter.gguf"
    waiting = pod.workspace.candidates / f"{NAME}.gguf"
    waiting.parent.mkdir(parents=True, exist_ok=True)
    waiting.symlink_to(another)
    lines = [{"question": f"What is {n}?", "answer": f"{n}", "file": f"{n}.pdf"} for n in range(3)]
    exam = pod.workspace.prompts / f"{NAME}.jsonl"
    exam.write_text("".join(json.dumps(line) + "\n" for line in lines))

    report = worth.qa_layers(pod, AskLayers(layers=[NAME], candidates=True, max_tokens=2))

    summary = read_summary(pod.store.open(report))
    assert set(summary.blends) == {"base", NAME, f"{NAME}.serving", OTHER}
    assert [one.name for one in summary.worths] == [NAME]
    verdict = summary.worths[0].verdict
    assert "serving" in {one.place for one in verdict.comparisons}
