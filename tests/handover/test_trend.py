"""What earlier versions of a layer came to: from its history, else from the reports there are."""

from pathlib import Path

import pytest
from builders import MakeLayer, MakePod

from lamina.artifacts import ArtifactRef
from lamina.assessment.assess import KIND, STAGE
from lamina.assessment.report.files import write_report
from lamina.assessment.report.records import AnswerRecord
from lamina.assessment.report.summary import Summary, summarise
from lamina.stages import handover, trend
from lamina.stages.pod import Pod


@pytest.fixture
def pod(make_pod: MakePod) -> Pod:
    return make_pod("cpu")


@pytest.fixture
def three(pod: Pod, make_layer: MakeLayer) -> list[ArtifactRef]:
    return [make_layer(pod, seed=seed) for seed in range(3)]


def measured(right: int) -> tuple[Summary, list[AnswerRecord]]:
    """A report in which so many of four answers of Leases are right."""
    given = [
        AnswerRecord(
            blend=blend, topic="Leases", item=f"{number}", question=f"{number}?", reference="yes",
            answer="yes", correct=blend == "Leases" and number < right, kind="yes_no", why="",
            contains=True, first_token_s=0, total_s=0, n_prompt_tokens=1, n_tokens=1,
            tokens_per_s=None,
        )
        for blend in ("base", "Leases")
        for number in range(4)
    ]  # fmt: skip
    return summarise(given, facts={}), given


def judged(pod: Pod, version: ArtifactRef, right: int) -> None:
    """Held, with what it came to."""
    summary, _ = measured(right)
    worth = summary.worth("Leases")
    assert worth is not None
    facts = {"verdict": "unclear", "figures": trend.figures(pod, version, worth, None)}
    handover.hold(pod, "Leases", version, "unclear", facts)


def reported(pod: Pod, version: ArtifactRef, right: int) -> None:
    """Measured, and never decided upon."""

    def make(folder: Path) -> dict[str, object]:
        write_report(folder, *measured(right))
        return {}

    file = pod.store.manifest(version).files["adapter.gguf"].sha256
    pod.store.once(KIND, STAGE, {"layers": {"Leases": file}, "right": right}, make)


def served(pod: Pod, version: ArtifactRef, folder: Path) -> Path:
    folder.mkdir()
    (folder / "Leases.gguf").symlink_to(pod.store.path(version) / "adapter.gguf")
    return folder


def test_versions_that_were_judged_before_are_given_as_they_were_decided(
    pod: Pod, three: list[ArtifactRef], tmp_path: Path
) -> None:
    judged(pod, three[0], right=1)
    judged(pod, three[1], right=3)
    handover.promote(pod, "Leases", three[0], "asked for")

    found = trend.earlier_versions(pod, served(pod, three[2], tmp_path / "now"))

    said = [(one.version, one.correct, one.decision) for one in found["Leases"]]
    assert said == [
        (three[0].digest[:12], 0.25, "promote"),
        (three[1].digest[:12], 0.75, "hold"),
    ]


def test_the_version_at_hand_is_no_earlier_one(
    pod: Pod, three: list[ArtifactRef], tmp_path: Path
) -> None:
    judged(pod, three[0], right=1)

    assert trend.earlier_versions(pod, served(pod, three[0], tmp_path / "now")) == {}


def test_without_a_history_the_reports_of_other_files_tell_it(
    pod: Pod, three: list[ArtifactRef], tmp_path: Path
) -> None:
    for version, right in ((three[0], 1), (three[1], 2), (three[0], 4), (three[2], 3)):
        reported(pod, version, right)

    found = trend.earlier_versions(pod, served(pod, three[2], tmp_path / "now"))

    assert [one.correct for one in found["Leases"]] == [0.5, 1]


def test_a_report_that_cannot_be_read_is_none(
    pod: Pod, three: list[ArtifactRef], tmp_path: Path
) -> None:
    reported(pod, three[0], 1)
    (folder,) = (pod.store.root / KIND).iterdir()
    (folder / "summary.json").write_text("{}")
    now = served(pod, three[1], tmp_path / "now")

    assert trend.earlier_versions(pod, now) == {}
