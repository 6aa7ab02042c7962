"""What becomes of versions that are to be judged: held for their faults, put off for ours."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from builders import MakeLayer, MakePod, on_other_margins, report

from lamina.artifacts import ArtifactRef
from lamina.errors import BusyError, MismatchError, NotFoundError, ResourceError
from lamina.orders import PublishLayers
from lamina.stages import approving, fleet, handover, judging, publishing
from lamina.stages.pod import Pod
from lamina.stages.publishing import Candidate


@pytest.fixture
def pod(make_pod: MakePod) -> Pod:
    return make_pod("one")


def decided(pod: Pod) -> list[tuple[str, str]]:
    return [(one.action, one.digest[:8]) for one in handover.decisions(pod, "Leases")]


TOO_LITTLE = PublishLayers(promote=["promoted", "too little evidence"])


@pytest.mark.parametrize("error", [BusyError("the link broke"), ResourceError("the disk is full")])
def test_what_fails_here_is_no_fault_of_the_layer_and_is_tried_again(
    pod: Pod, make_layer: MakeLayer, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    ref = make_layer(pod)
    view = handover.place_candidate(pod, "Leases", ref)

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(publishing, "check_candidate", fail)

    checked = publishing.check_candidates(pod, [Candidate(layer="Leases", gguf=ref)])

    assert [row["decision"] for row in checked.held] == ["put off"]
    assert decided(pod) == []
    assert view.is_symlink()
    assert judging.is_news(pod, "Leases", ref, None)


def test_what_fails_a_check_is_held(
    pod: Pod, make_layer: MakeLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = make_layer(pod)

    def fail(*_: object) -> None:
        msg = "another base"
        raise MismatchError(msg)

    monkeypatch.setattr(publishing, "check_candidate", fail)

    publishing.check_candidates(pod, [Candidate(layer="Leases", gguf=ref)])

    assert decided(pod) == [("hold", ref.digest[:8])]


@pytest.mark.parametrize(
    ("layers", "missing"), [((), ""), (("Leases",), "3 requests failed: timeout")]
)
def test_what_was_not_measured_is_put_off(
    pod: Pod, make_layer: MakeLayer, layers: Sequence[str], missing: str
) -> None:
    ref = make_layer(pod)
    one = Candidate(layer="Leases", gguf=ref)

    (row,) = publishing.decide(pod, PublishLayers(), [one], report(pod, layers, missing))

    assert row["decision"] == "put off"
    assert decided(pod) == []


def test_what_was_measured_in_full_and_proves_too_little_is_held(
    pod: Pod, make_layer: MakeLayer
) -> None:
    ref = make_layer(pod)

    (row,) = publishing.decide(
        pod, PublishLayers(), [Candidate(layer="Leases", gguf=ref)], report(pod)
    )

    assert row["decision"] == "held"
    assert not judging.is_news(pod, "Leases", ref, None)


def test_a_runs_message_has_room_for_every_decision() -> None:
    words = ("promoted", "held", "put off", "waiting for approval", "held")
    rows = [{"layer": f"L{n}", "decision": word, "why": ""} for n, word in enumerate(words)]

    told = PublishLayers().told(rows)

    assert told == "waiting for approval: L3; put off: L2; promoted: L0; held: L1, L4"


# -- a person's word -------------------------------------------------------------------------------


@pytest.fixture
def strict(make_pod: MakePod, tmp_path: Path) -> list[Pod]:
    """Two pods where promotions wait for a person."""
    chosen = {"store_url": str(tmp_path / "depot"), "approval_hours": 24}
    return [make_pod(name, **chosen) for name in ("one", "two")]


def asked(pod: Pod, ref: ArtifactRef) -> str:
    (row,) = publishing.decide(pod, TOO_LITTLE, [Candidate(layer="Leases", gguf=ref)], report(pod))
    return str(row["decision"])


def test_a_promotion_waits_for_a_person_on_any_pod_and_then_is_true_for_all(
    strict: list[Pod], make_layer: MakeLayer
) -> None:
    ref = make_layer(strict[0])
    handover.push(strict[0], {"layers/Leases": {"gguf": ref}})

    assert asked(strict[0], ref) == "waiting for approval"
    assert handover.served(strict[0], "Leases") is None
    assert not judging.is_news(on_other_margins(strict[0]), "Leases", ref, None)

    assert approving.approve(strict[1], "Leases", by="anna") == ref
    fleet.follow(strict[0])

    assert [handover.served(pod, "Leases") for pod in strict] == [ref, ref]
    last = handover.decisions(strict[0], "Leases")[-1]
    assert last.why.startswith("approved by anna. ")
    assert last.facts["verdict"] == "too little evidence"
    with pytest.raises(NotFoundError, match="no version of Leases waits for approval"):
        approving.approve(strict[1], "Leases")


def test_what_a_person_declines_is_held_for_good(strict: list[Pod], make_layer: MakeLayer) -> None:
    ref = make_layer(strict[0])
    asked(strict[0], ref)

    approving.decline(strict[0], "Leases", why="nobody approved within 24 hours")

    (only,) = handover.versions(strict[0])
    assert only.state == "held"
    assert not judging.is_news(on_other_margins(strict[0]), "Leases", ref, None)
