"""Which versions are judged, when a held one is judged anew, and who stands beside it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from builders import MakeLayer, MakePod

from lamina.artifacts import ArtifactRef
from lamina.assessment import grading
from lamina.assessment.grading.overrides import Override, add_override
from lamina.assessment.verdicts import rule
from lamina.margins import Margins
from lamina.serving.layers.blends import Part
from lamina.serving.layers.saved_blends import SavedBlends
from lamina.stages import handover, judging
from lamina.stages.pod import Pod

DATASET = ArtifactRef(kind="dataset", digest="a" * 64)


@pytest.fixture
def pod(make_pod: MakePod) -> Pod:
    return make_pod("cpu")


@pytest.fixture
def version(pod: Pod, make_layer: MakeLayer) -> ArtifactRef:
    return make_layer(pod, seed=1)


def hold(pod: Pod, version: ArtifactRef) -> None:
    facts = {"verdict": "unclear", "judged_by": judging.judged_by(pod, "Leases", DATASET)}
    handover.hold(pod, "Leases", version, "unclear", facts)


def ask(pod: Pod, layer: str, question: str) -> None:
    path = pod.workspace.prompts / f"{layer}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{{"question": "{question}", "answer": "yes"}}\n')


def news(pod: Pod, version: ArtifactRef, dataset: ArtifactRef = DATASET) -> bool:
    return judging.is_news(pod, "Leases", version, dataset)


def test_a_version_is_judged_once(pod: Pod, version: ArtifactRef) -> None:
    assert news(pod, version)

    hold(pod, version)

    assert not news(pod, version)


def test_a_held_version_is_judged_anew_when_its_exam_changed(
    pod: Pod, version: ArtifactRef
) -> None:
    hold(pod, version)
    ask(pod, "Debt", "Another layer's?")
    assert not news(pod, version)

    ask(pod, "Leases", "Its own?")

    assert news(pod, version)


def test_a_held_version_is_judged_anew_when_its_data_changed(
    pod: Pod, version: ArtifactRef
) -> None:
    hold(pod, version)

    assert news(pod, version, ArtifactRef(kind="dataset", digest="b" * 64))


def test_a_held_version_is_judged_anew_when_margins_changed(pod: Pod, version: ArtifactRef) -> None:
    hold(pod, version)
    settings = pod.settings.model_copy(update={"margins": Margins(questions=30)})

    assert news(Pod(settings, pod.workspace, pod.progress), version)


def test_a_held_version_is_judged_anew_when_the_rule_changed(
    pod: Pod, version: ArtifactRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(pod, version)

    monkeypatch.setattr(rule, "VERSION", rule.VERSION + 1)

    assert news(pod, version)


def test_a_held_version_is_judged_anew_when_the_grader_changed(
    pod: Pod, version: ArtifactRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(pod, version)

    monkeypatch.setattr(grading, "GRADER", grading.GRADER + 1)

    assert news(pod, version)


def test_what_the_old_rule_held_is_judged_anew(pod: Pod, version: ArtifactRef) -> None:
    handover.hold(pod, "Leases", version, "no clear difference", {"verdict": "unclear"})

    assert news(pod, version)


def decided_by_a_check(pod: Pod, version: ArtifactRef) -> None:
    handover.hold(pod, "Leases", version, "it came without its parity ladder")


def decided_by_promotion(pod: Pod, version: ArtifactRef) -> None:
    handover.promote(pod, "Leases", version, "promoted", {"verdict": "promoted"})


@pytest.mark.parametrize("decide", [decided_by_a_check, decided_by_promotion])
def test_what_failed_a_check_or_serves_stays_decided(
    pod: Pod, version: ArtifactRef, decide: Callable[[Pod, ArtifactRef], None]
) -> None:
    decide(pod, version)
    ask(pod, "Leases", "Its own?")

    assert not news(pod, version)


def test_a_version_that_was_taken_back_stays_taken_back(
    pod: Pod, version: ArtifactRef, make_layer: MakeLayer
) -> None:
    handover.promote(pod, "Leases", make_layer(pod, seed=2), "promoted")
    handover.promote(pod, "Leases", version, "promoted", {"verdict": "promoted"})
    handover.rollback(pod, "Leases")

    assert not news(pod, version)


@pytest.fixture
def beside(pod: Pod, version: ArtifactRef, make_layer: MakeLayer) -> list[tuple[str, bytes]]:
    """Leases serves and has a candidate; Debt serves."""
    handover.promote(pod, "Leases", make_layer(pod, seed=2), "promoted")
    handover.promote(pod, "Debt", make_layer(pod, layer="Debt", seed=3), "promoted")
    handover.place_candidate(pod, "Leases", version)
    with judging.beside_each_other(pod, ["Leases"]) as folder:
        return sorted((path.name, path.read_bytes()) for path in folder.iterdir())


def test_a_candidate_is_asked_beside_what_serves_in_its_place(
    pod: Pod, version: ArtifactRef, beside: list[tuple[str, bytes]]
) -> None:
    found = dict(beside)

    assert set(found) == {"Debt.gguf", "Leases.gguf", "Leases.serving.gguf"}
    assert found["Leases.gguf"] == (pod.store.path(version) / "adapter.gguf").read_bytes()
    serving = (pod.workspace.adapters_gguf / "Leases.gguf").read_bytes()
    assert found["Leases.serving.gguf"] == serving
    assert serving != found["Leases.gguf"]


def test_saved_blends_that_hold_the_candidate_are_asked_again(pod: Pod, tmp_path: Path) -> None:
    saved = SavedBlends(pod.workspace.adapters_gguf)
    saved.save("both", (Part("Leases", 0.5), Part("Debt", 0.25)))
    saved.save("other", (Part("Debt", 1.0),))
    saved.save("gone", (Part("Leases", 0.5), Part("Taxes", 0.5)))
    for name in ("Leases", "Debt"):
        (tmp_path / f"{name}.gguf").touch()

    assert judging.saved_blends(pod, ["Leases"], tmp_path) == ("Debt:0.25+Leases:0.5",)


def test_a_held_version_is_judged_anew_when_a_person_overruled_its_answers(
    pod: Pod, version: ArtifactRef
) -> None:
    hold(pod, version)
    said = {"question": "1", "answer": "x", "verdict": "right", "who": "A", "why": "b"}
    decision = Override(**said, layer="Debt", when=datetime(2026, 11, 27, tzinfo=UTC))
    add_override(pod.workspace.overrides, decision)
    assert not news(pod, version)

    add_override(pod.workspace.overrides, decision.model_copy(update={"layer": "Leases"}))

    assert news(pod, version)
