"""What the UI shows of documents and datasets: two tables, a card for each layer that changed."""

from collections import Counter
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import Artifact

from tests.flows.probe_tasks import build_datasets

PROSE = (
    "The company measures each {0} at the present value of the payments that are due. It shows "
    "the amount of the {0} as an asset and as a liability in its accounts of the year. "
)


@pytest.fixture
def raw_pdfs(pod: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAMINA_BASE_MODEL", "tiny")
    for layer, subject in (("Card_Leases", "lease"), ("Card_Debt", "loan")):
        folder = pod / "data" / "raw_pdfs" / layer
        folder.mkdir(parents=True)
        (folder / "manual.txt").write_text(PROSE.format(subject) * 3)
    (pod / "data/raw_pdfs/Card_Debt/empty.txt").write_text("")
    return pod / "data" / "raw_pdfs"


def shown(run: str) -> dict[str, list[Artifact]]:
    """The artifacts of one flow run, by key."""
    with get_client(sync_client=True) as client:
        found = [one for one in client.read_artifacts() if str(one.flow_run_id) == run]
    return {key: [one for one in found if one.key == key] for key in {one.key for one in found}}


def run_id() -> str:
    return str(build_datasets(return_state=True).state_details.flow_run_id)


def test_tables_of_documents_and_datasets_and_a_card_a_layer(raw_pdfs: Path) -> None:
    del raw_pdfs
    found = shown(run_id())

    assert Counter({key: len(ones) for key, ones in found.items()}) == {
        "pdf-verdicts": 1,
        "datasets": 1,
        "dataset-card-leases": 1,
        "dataset-card-debt": 1,
    }
    card = str(found["dataset-card-leases"][0].data)
    assert "# Dataset of Card_Leases" in card
    assert "present value of the payments" in card
    assert "reject: no_text" in str(found["pdf-verdicts"][0].data)


def test_only_the_card_of_the_layer_that_changed_is_shown_again(raw_pdfs: Path) -> None:
    build_datasets()
    (raw_pdfs / "Card_Debt" / "more.txt").write_text(PROSE.format("bond") * 3)

    found = shown(run_id())

    assert set(found) == {"pdf-verdicts", "datasets", "dataset-card-debt"}
