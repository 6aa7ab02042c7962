"""What is mixed into a training, as tasks: made and shown once, then recalled."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from statement import write_statement

from lamina.artifacts import ArtifactRef
from lamina.orders import Reading
from lamina.training.mix import Mix
from lamina.training.profiles import Profile, profile
from tasks import corpus, edge, mixing

LEASING = "Leases"
STUDIED = profile("demo", study_passes=2)


@pytest.fixture
def reports(pod: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A workspace with one report on the embedded base."""
    monkeypatch.setenv("LAMINA_BASE_MODEL", "tiny")
    write_statement(pod / "data/raw_pdfs" / LEASING)
    edge.STATES.clear()
    yield pod
    edge.STATES.clear()


@flow
def mixed(chosen: Profile) -> dict[str, Mix]:
    """As the training flows do it."""
    base = corpus.find_base()
    documents = corpus.find_documents()
    verdicts = corpus.pdf_pretest(documents, Reading())
    dataset: ArtifactRef = corpus.build_dataset(verdicts, LEASING, base, 128)
    return {LEASING: mixing.mix(LEASING, dataset, base, chosen)}


def worked() -> set[str]:
    """Tasks of the mix that did work since the last call."""
    names = {name for name, state, _ in edge.STATES if state != "Cached"}
    edge.STATES.clear()
    return {name for name in names if name.startswith(("study", "replay"))}


def shown() -> set[str | None]:
    """Keys of all artifacts in the UI."""
    with get_client(sync_client=True) as client:
        return {one.key for one in client.read_artifacts()}


def test_a_layers_pages_are_studied_once_and_shown(reports: Path) -> None:
    first, done = mixed(STUDIED), worked()
    second, again = mixed(STUDIED), worked()

    assert (done, again) == ({f"study-{LEASING}"}, set())
    assert first == second
    assert first[LEASING].study is not None
    facts = edge.store().manifest(first[LEASING].study).facts
    rows = (reports / "data/processed/study.jsonl").read_text().splitlines()
    assert sum(facts["kinds"].values()) == len(rows) > 0
    assert {json.loads(row)["document"] for row in rows} <= set(facts["documents"])
    assert (
        f"<h1>What {LEASING} was taught"
        in (reports / f"data/processed/taught_{LEASING}.html").read_text()
    )
    assert {"study-leases", "study-rows-leases"} <= shown()


def test_a_profile_that_wants_nothing_mixes_nothing(reports: Path) -> None:
    assert mixed(profile("demo")) == {LEASING: Mix()}
    assert worked() == set()
    assert not (reports / "data/processed/study.jsonl").exists()
