"""Which version of a layer serves: promoted, held, taken back, and how that is known."""

import json
from pathlib import Path

import pytest
from builders import MakeLayer, MakePod

from lamina.artifacts import ArtifactRef
from lamina.errors import DamagedError, MismatchError, NotFoundError
from lamina.handover.versions import OpenHistory
from lamina.stages import handover, versions
from lamina.stages.pod import Pod
from lamina.store import point


@pytest.fixture
def pod(make_pod: MakePod) -> Pod:
    return make_pod("cpu")


@pytest.fixture
def three(pod: Pod, make_layer: MakeLayer) -> list[ArtifactRef]:
    return [make_layer(pod, seed=seed) for seed in range(3)]


def serving(pod: Pod) -> bytes:
    return (pod.workspace.adapters_gguf / "Leases.gguf").read_bytes()


def content(pod: Pod, ref: ArtifactRef) -> bytes:
    return (pod.store.path(ref) / "adapter.gguf").read_bytes()


def states(pod: Pod) -> dict[str, str]:
    return {one.digest: one.state for one in handover.versions(pod, ["Leases"])}


def test_a_promoted_version_serves_and_is_no_candidate_any_more(
    pod: Pod, three: list[ArtifactRef]
) -> None:
    candidate = handover.place_candidate(pod, "Leases", three[0])
    assert candidate.read_bytes() == content(pod, three[0])

    handover.promote(pod, "Leases", three[0], "better")

    assert serving(pod) == content(pod, three[0])
    assert not candidate.is_symlink()


def test_a_held_version_leaves_the_served_one_in_place(pod: Pod, three: list[ArtifactRef]) -> None:
    handover.promote(pod, "Leases", three[0], "better")
    candidate = handover.place_candidate(pod, "Leases", three[1])

    handover.hold(pod, "Leases", three[1], "no difference", {"gain": 0.01})

    assert serving(pod) == content(pod, three[0])
    assert not candidate.is_symlink()
    assert states(pod) == {three[0].digest: "served", three[1].digest: "held"}
    last = handover.decisions(pod, "Leases")[-1]
    assert (last.action, last.why, last.facts) == ("hold", "no difference", {"gain": 0.01})


def test_a_decision_about_one_version_leaves_a_newer_candidate(
    pod: Pod, three: list[ArtifactRef]
) -> None:
    candidate = handover.place_candidate(pod, "Leases", three[2])

    handover.hold(pod, "Leases", three[1], "no difference")

    assert candidate.is_symlink()


def test_rolling_back_goes_one_version_back_each_time(pod: Pod, three: list[ArtifactRef]) -> None:
    for ref in three:
        handover.promote(pod, "Leases", ref, "better")

    assert handover.rollback(pod, "Leases") == three[1]
    assert serving(pod) == content(pod, three[1])
    assert handover.rollback(pod, "Leases") == three[0]
    assert serving(pod) == content(pod, three[0])
    assert states(pod) == {
        three[0].digest: "served",
        three[1].digest: "rolled back",
        three[2].digest: "rolled back",
    }


def test_there_is_nothing_before_the_first_version(pod: Pod, three: list[ArtifactRef]) -> None:
    handover.promote(pod, "Leases", three[0], "better")

    with pytest.raises(NotFoundError, match="no earlier version of Leases"):
        handover.rollback(pod, "Leases")

    assert serving(pod) == content(pod, three[0])


def test_a_version_that_was_taken_back_is_decided_upon(pod: Pod, three: list[ArtifactRef]) -> None:
    for ref in three[:2]:
        handover.promote(pod, "Leases", ref, "better")
    handover.rollback(pod, "Leases")

    decided = [handover.is_decided(pod, "Leases", ref) for ref in three]

    assert decided == [True, True, False]


def test_a_version_that_was_taken_back_can_be_promoted_again_and_taken_back_again(
    pod: Pod, three: list[ArtifactRef]
) -> None:
    for ref in three[:2]:
        handover.promote(pod, "Leases", ref, "better")
    handover.rollback(pod, "Leases")
    handover.promote(pod, "Leases", three[1], "asked for")

    assert handover.rollback(pod, "Leases") == three[0]


def test_what_served_before_any_decision_is_what_a_rollback_brings_back(
    pod: Pod, three: list[ArtifactRef]
) -> None:
    view = pod.workspace.adapters_gguf / "Leases.gguf"
    point(view, pod.store.path(three[0]) / "adapter.gguf")  # as training on this pod does

    handover.promote(pod, "Leases", three[1], "better")

    assert handover.rollback(pod, "Leases") == three[0]
    assert serving(pod) == content(pod, three[0])


def killed(*_: object) -> None:
    raise SystemExit


def test_a_rollback_that_was_killed_before_it_was_noted_is_finished_by_the_next(
    pod: Pod, three: list[ArtifactRef], monkeypatch: pytest.MonkeyPatch
) -> None:
    for ref in three[:2]:
        handover.promote(pod, "Leases", ref, "better")
    with monkeypatch.context() as dying:
        dying.setattr(OpenHistory, "note", killed)
        with pytest.raises(SystemExit):
            handover.rollback(pod, "Leases")
    assert serving(pod) == content(pod, three[0])

    assert handover.rollback(pod, "Leases") == three[0]

    assert serving(pod) == content(pod, three[0])
    assert states(pod)[three[1].digest] == "rolled back"


def test_a_version_of_another_layer_cannot_take_a_layers_place(
    pod: Pod, make_layer: MakeLayer
) -> None:
    debt = make_layer(pod, "Debt")

    with pytest.raises(MismatchError, match="is no version of Leases but of Debt"):
        handover.promote(pod, "Leases", debt, "better")

    assert not (pod.workspace.adapters_gguf / "Leases.gguf").exists()


def test_a_damaged_version_is_not_promoted(pod: Pod, three: list[ArtifactRef]) -> None:
    handover.promote(pod, "Leases", three[0], "better")
    (pod.store.path(three[1]) / "adapter.gguf").write_bytes(b"cut")

    with pytest.raises(DamagedError):
        handover.promote(pod, "Leases", three[1], "better")

    assert serving(pod) == content(pod, three[0])


def test_an_earlier_version_that_is_gone_cannot_be_brought_back(
    pod: Pod, three: list[ArtifactRef]
) -> None:
    for ref in three[:2]:
        handover.promote(pod, "Leases", ref, "better")
    pod.store.path(three[0]).rename(pod.store.root / "gone")

    with pytest.raises(NotFoundError, match="is not in the store"):
        handover.rollback(pod, "Leases")

    assert serving(pod) == content(pod, three[1])


def test_the_history_is_one_line_a_decision_and_only_grows(
    pod: Pod, three: list[ArtifactRef]
) -> None:
    handover.promote(pod, "Leases", three[0], "better")
    path = pod.workspace.versions / "Leases.jsonl"
    first = path.read_text()
    handover.hold(pod, "Leases", three[1], "worse")

    assert path.read_text().startswith(first)
    assert [json.loads(line)["action"] for line in path.read_text().splitlines()] == [
        "promote",
        "hold",
    ]


def test_a_history_that_cannot_be_read_is_said_so(pod: Pod) -> None:
    pod.workspace.versions.mkdir(parents=True)
    (pod.workspace.versions / "Leases.jsonl").write_text("nonsense\n")

    with pytest.raises(DamagedError, match=r"Leases\.jsonl holds a line that is no decision"):
        handover.decisions(pod, "Leases")


def test_a_version_is_found_by_the_beginning_of_its_digest(
    pod: Pod, three: list[ArtifactRef]
) -> None:
    handover.hold(pod, "Leases", three[0], "worse")
    handover.place_candidate(pod, "Leases", three[1])

    assert versions.find_version(pod, "Leases", three[0].digest[:10]) == three[0]
    assert versions.find_version(pod, "Leases") == three[1]
    with pytest.raises(NotFoundError, match="no version ffff"):
        versions.find_version(pod, "Leases", "ffff" * 16)


def test_what_is_published_is_what_a_push_hands_over(pod: Pod, make_layer: MakeLayer) -> None:
    leases, debt = make_layer(pod, "Leases"), make_layer(pod, "Debt")
    for layer, ref in (("Leases", leases), ("Debt", debt)):
        handover.promote(pod, layer, ref, "better")

    assert handover.published_heads(pod) == {
        "layers/Debt": {"gguf": debt},
        "layers/Leases": {"gguf": leases},
    }
    assert handover.published_heads(pod, ["Debt"]) == {"layers/Debt": {"gguf": debt}}
    with pytest.raises(NotFoundError, match="Tax is not exported"):
        handover.published_heads(pod, ["Tax"])


def test_a_file_of_the_owners_is_not_handed_over(pod: Pod, tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF")
    point(pod.workspace.adapters_gguf / "Own.gguf", own)

    with pytest.raises(NotFoundError, match="nothing to hand over"):
        handover.published_heads(pod)
    with pytest.raises(NotFoundError, match="Own is not exported on this pod"):
        handover.published_heads(pod, ["Own"])
