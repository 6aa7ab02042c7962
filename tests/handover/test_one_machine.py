"""One machine without a depot: what is made serves at once, is judged, and can be taken back."""

import pytest
from builders import MakeLayer, MakePod, on_other_margins, report

from lamina.artifacts import ArtifactRef
from lamina.orders import PublishLayers
from lamina.stages import handover, judging, publishing, views
from lamina.stages.pod import Pod
from lamina.stages.publishing import Candidate
from lamina.store import Stage, point


@pytest.fixture
def pod(make_pod: MakePod) -> Pod:
    return make_pod("one")


def made(pod: Pod, ref: ArtifactRef) -> None:
    """As training on this pod leaves it."""
    adapter = pod.store.once("adapter", Stage("train", 1), {"of": ref.digest}, lambda _: {})
    point(pod.workspace.adapters_peft / "Leases", pod.store.path(adapter))
    views.serve_made(pod, "Leases", ref)


def waiting(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> list[ArtifactRef]:
    monkeypatch.setattr(publishing, "dataset_of", lambda *_: None)  # its file is no real GGUF
    return [one.gguf for one in publishing.fetch_candidates(pod, PublishLayers())]


def test_what_is_made_without_a_depot_is_noted_and_can_be_rolled_back(
    pod: Pod, make_layer: MakeLayer
) -> None:
    one, two = (make_layer(pod, seed=seed) for seed in range(2))
    for ref in (one, two, two):  # the second training finds it up to date
        made(pod, ref)
    assert [one.action for one in handover.decisions(pod, "Leases")] == ["train", "train"]

    assert handover.rollback(pod, "Leases") == one

    made(pod, two)
    assert handover.served(pod, "Leases") == one


def test_what_is_made_without_a_depot_is_judged_once(
    pod: Pod, make_layer: MakeLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (make_layer(pod, seed=seed) for seed in range(2))
    for ref in (one, two):
        made(pod, ref)
    assert waiting(pod, monkeypatch) == [two]
    with judging.beside_each_other(pod, ["Leases"]) as folder:
        against = (folder / "Leases.serving.gguf").read_bytes()
    assert against == (pod.store.path(one) / "adapter.gguf").read_bytes()

    handover.hold(pod, "Leases", two, "worse")

    assert waiting(pod, monkeypatch) == []
    assert handover.served(pod, "Leases") == one


def judged(pod: Pod, ref: ArtifactRef, *, worse: bool = False) -> str:
    """What a nightly run decides about a version that was made here."""
    one = Candidate(layer="Leases", gguf=ref, made_here=True)
    (row,) = publishing.decide(pod, PublishLayers(), [one], report(pod, worse=worse))
    return str(row["decision"])


def test_what_was_made_here_serves_on_until_something_is_known_against_it(
    pod: Pod, make_layer: MakeLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = make_layer(pod)
    made(pod, ref)

    assert judged(pod, ref) == "kept"
    assert handover.served(pod, "Leases") == ref
    assert waiting(pod, monkeypatch) == []
    assert waiting(on_other_margins(pod), monkeypatch) == [ref]

    assert judged(pod, ref, worse=True) == "held"
    assert handover.served(pod, "Leases") is None


def test_what_proves_too_little_gives_its_place_back_to_a_version_that_was_promoted(
    pod: Pod, make_layer: MakeLayer
) -> None:
    one, two, three = (make_layer(pod, seed=seed) for seed in range(3))
    for ref in (one, two):
        made(pod, ref)
    assert judged(pod, two) == "kept"

    handover.promote(pod, "Leases", one, "proved")
    made(pod, three)

    assert judged(pod, three) == "held"
    assert handover.served(pod, "Leases") == one


def test_held_without_a_version_before_it_a_layer_serves_no_more(
    pod: Pod, make_layer: MakeLayer
) -> None:
    ref = make_layer(pod)
    made(pod, ref)

    handover.hold(pod, "Leases", ref, "worse")

    assert not (pod.workspace.adapters_gguf / "Leases.gguf").is_symlink()
    handover.promote(pod, "Leases", ref, "asked for")
    assert handover.served(pod, "Leases") == ref
