"""A layer whose ladder fails is not published; its table is among the run's artifacts."""

from pathlib import Path

import pytest
from prefect.client.orchestration import get_client

from flows.train_layers import main
from lamina.demo import handbooks
from lamina.demo.profile import CHUNK_TOKENS
from lamina.errors import LaminaError
from lamina.orders import CheckParity, TrainLayers
from tasks import edge

SHORT = {"steps": 2, "evaluations": 1, "batch_tokens": 320, "sequence_tokens": 320}
LAYER = "Ostrava_Goodwill"


def test_a_layer_that_fails_its_ladder_is_not_published(
    pod: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = pod / "data/raw_pdfs"
    handbooks.write_handbooks(raw, pod / "qa/prompts")
    monkeypatch.setenv("LAMINA_BASE_MODEL", "tiny")
    monkeypatch.setenv("LAMINA_N_THREADS", "2")
    impossible = CheckParity(tokens=100, merged="no", f16_kl=1e-15)
    order = TrainLayers(
        layers=[LAYER], profile="demo", overrides=SHORT, chunk_tokens=CHUNK_TOKENS,
        parity=impossible,
    )  # fmt: skip
    edge.STATES.clear()

    with pytest.raises(LaminaError, match=r"at F16 the mean KL is .* \(limit 1e-15\)"):
        main(order.model_dump_json())

    assert not (pod / f"output/adapters_gguf/{LAYER}.gguf").is_symlink()
    assert (pod / f"output/parity/{LAYER}/parity.md").is_file()
    assert list((raw / LAYER).glob("*.pdf"))
    with get_client(sync_client=True) as client:
        run = max(client.read_flow_runs(), key=lambda one: one.created)
        tables = [one for one in client.read_artifacts() if one.flow_run_id == run.id]
    (table,) = [one for one in tables if one.key == "parity-ostrava-goodwill"]
    assert "| F16 |" in str(table.data)
