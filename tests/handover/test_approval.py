"""A promotion that waits for a person stands as a hold until somebody says otherwise."""

import pytest
from builders import MakeLayer, MakePod

from lamina.artifacts import ArtifactRef
from lamina.stages import approval, handover
from lamina.stages.pod import Pod

FACTS = {"verdict": "promoted", "judged_by": "x"}


@pytest.fixture
def pod(make_pod: MakePod) -> Pod:
    return make_pod("cpu", approval_hours=2)


@pytest.fixture
def waiting(pod: Pod, make_layer: MakeLayer) -> ArtifactRef:
    version = make_layer(pod)
    approval.put_off(pod, "Leases", version, "Better than the base.", FACTS)
    return version


def test_it_is_held_at_once_and_says_until_when_it_waits(pod: Pod, waiting: ArtifactRef) -> None:
    last = handover.decisions(pod, "Leases")[-1]

    assert handover.served(pod, "Leases") is None
    assert last.action == "hold"
    assert last.why.startswith("waits for a person until 20")
    assert last.why.endswith("Better than the base.")
    assert approval.waits(pod, "Leases", waiting.digest[:12])


def test_a_yes_lets_it_serve_and_keeps_what_was_measured(pod: Pod, waiting: ArtifactRef) -> None:
    said = approval.answer(pod, "Leases", waiting.digest[:12], serves=True, why="I read it")

    assert said == "promoted: approved by a person: I read it"
    assert handover.served(pod, "Leases") == waiting
    assert handover.decisions(pod, "Leases")[-1].facts == FACTS
    assert not approval.waits(pod, "Leases", waiting.digest[:12])


def test_a_no_holds_it_for_that_reason(pod: Pod, waiting: ArtifactRef) -> None:
    approval.answer(pod, "Leases", waiting.digest[:12], serves=False, why="too bold")

    last = handover.decisions(pod, "Leases")[-1]
    assert (last.action, last.why) == ("hold", "refused by a person: too bold")
    assert handover.served(pod, "Leases") is None


def test_an_answer_that_another_version_overtook_changes_nothing(
    pod: Pod, waiting: ArtifactRef, make_layer: MakeLayer
) -> None:
    newer = make_layer(pod, seed=2)
    handover.promote(pod, "Leases", newer, "by hand")

    said = approval.answer(pod, "Leases", waiting.digest[:12], serves=True, why="")

    assert "waits no more" in said
    assert handover.served(pod, "Leases") == newer
