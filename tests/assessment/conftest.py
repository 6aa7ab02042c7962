import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_layer_server import FakeLayerServer
from qa_samples import N_QUESTIONS, prompts_of, row_of, table_of

from lamina.assessment.asking.order import QaOrder
from lamina.text.rows import write_rows


@pytest.fixture
def server() -> Iterator[FakeLayerServer]:
    """Two layers that know their own topics, and one that does nothing."""
    fake = FakeLayerServer(
        layers={"Leases": "1" * 64, "Goodwill": "2" * 64, "Idle": "3" * 64},
        answers={"Leases": table_of("Leases"), "Goodwill": table_of("Goodwill")},
        losses={"": 3.0, "Leases": 2.0, "Goodwill": 2.5, "Idle": 3.0},
    )
    with fake.running():
        yield fake


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    folder = tmp_path / "prompts"
    folder.mkdir()
    for layer in ("Goodwill", "Idle", "Leases"):
        lines = (json.dumps(prompt.model_dump()) for prompt in prompts_of(layer))
        (folder / f"{layer}.jsonl").write_text("\n".join(lines))
    return folder


@pytest.fixture
def heldout(tmp_path: Path) -> Path:
    path = tmp_path / "heldout.jsonl"
    layers = ("Goodwill", "Idle", "Leases")
    write_rows(path, [row_of(layer, number) for layer in layers for number in range(N_QUESTIONS)])
    return path


@pytest.fixture
def order(server: FakeLayerServer, prompts: Path, heldout: Path) -> QaOrder:
    return QaOrder(
        server_url=server.url, prompts=prompts, heldout=(heldout,), general=False, n_elsewhere=0
    )
