"""What becomes of versions that are to be judged: held for their faults, put off for ours."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from builders import MakeLayer, MakePod

from lamina.artifacts import ArtifactRef
from lamina.assessment.report.files import write_report
from lamina.assessment.report.records import AnswerRecord
from lamina.assessment.report.summary import summarise
from lamina.errors import BusyError, MismatchError, NotFoundError, ResourceError
from lamina.margins import Margins
from lamina.orders import PublishLayers
from lamina.stages import approving, fleet, handover, judging, publishing, views
from lamina.stages.pod import Pod
from lamina.stages.publishing import Candidate
from lamina.store import Stage, point


@pytest.fixture
def pod(make_pod: MakePod) -> Pod:
    return make_pod("one")


def decided(pod: Pod) -> list[tuple[str, str]]:
    return [(one.action, one.digest[:8]) for one in handover.decisions(pod, "Leases")]


def report(pod: Pod, layers: Sequence[str] = ("Leases",), missing: str = "") -> ArtifactRef:
    """A report of four right answers of each layer, and none of the base."""
    given = [
        AnswerRecord(
            blend=blend, topic="Leases", item=f"{number}", question=f"{number}?", reference="yes",
            answer="yes", correct=blend != "base", kind="yes_no", why="",
            contains=True, first_token_s=0, total_s=0, n_prompt_tokens=1, n_tokens=1,
            tokens_per_s=None,
        )
        for blend in ("base", *layers)
        for number in range(4)
    ]  # fmt: skip
    facts = {"Not measured": missing} if missing else {}

    def make(folder: Path) -> dict[str, object]:
        write_report(folder, summarise(given, facts=facts), given)
        return {}

    return pod.store.once("report", Stage("qa", 1), {"of": [*layers, missing]}, make)


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


# -- one machine without a depot -------------------------------------------------------------------


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
    assert [action for action, _ in decided(pod)] == ["train", "train"]

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


def test_held_without_a_version_before_it_a_layer_serves_no_more(
    pod: Pod, make_layer: MakeLayer
) -> None:
    ref = make_layer(pod)
    made(pod, ref)

    handover.hold(pod, "Leases", ref, "worse")

    assert not (pod.workspace.adapters_gguf / "Leases.gguf").is_symlink()
    handover.promote(pod, "Leases", ref, "asked for")
    assert handover.served(pod, "Leases") == ref


# -- a person's word -------------------------------------------------------------------------------


@pytest.fixture
def strict(make_pod: MakePod, tmp_path: Path) -> list[Pod]:
    """Two pods where promotions wait for a person."""
    chosen = {"store_url": str(tmp_path / "depot"), "approval_hours": 24}
    return [make_pod(name, **chosen) for name in ("one", "two")]


def on_other_margins(pod: Pod) -> Pod:
    """Where a verdict could be another one."""
    settings = pod.settings.model_copy(update={"margins": Margins(questions=30)})
    return Pod(settings, pod.workspace, pod.progress)


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
