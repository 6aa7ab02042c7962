"""A layer that fails does not stop the others; the flow fails at its end, and says which."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client

from flows.train_layers import main
from lamina.demo import handbooks
from lamina.demo.profile import CHUNK_TOKENS
from lamina.errors import LaminaError
from lamina.orders import TrainLayers
from lamina.training import recipe
from tasks import edge

SHORT = {"steps": 2, "evaluations": 1, "batch_tokens": 320, "sequence_tokens": 320}
GOOD, BAD, EMPTY = "Marlow_Leasing", "Ostrava_Goodwill", "Questions_Only"


@pytest.fixture
def failing(pod: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A pod with one good layer, one whose training breaks, and one without any text."""
    raw = pod / "data/raw_pdfs"
    handbooks.write_handbooks(raw, pod / "qa/prompts")
    for folder in raw.iterdir():
        if folder.name not in {GOOD, BAD}:
            for path in folder.iterdir():
                path.unlink()
    (raw / EMPTY).mkdir()
    question = {"question": "Who signs?", "answer": "Ms Oak."}
    (raw / EMPTY / "questions.jsonl").write_text(json.dumps(question))
    monkeypatch.setenv("LAMINA_BASE_MODEL", "tiny")
    monkeypatch.setenv("LAMINA_N_THREADS", "2")
    fit = recipe.fit

    def break_one(model: object, order: recipe.LayerOrder, *rest: object) -> object:
        if order.layer == BAD:
            msg = "CUDA error: an illegal memory access was encountered"
            raise RuntimeError(msg)
        return fit(model, order, *rest)

    monkeypatch.setattr(recipe, "fit", break_one)
    edge.STATES.clear()
    yield pod
    edge.STATES.clear()


def test_the_others_are_published_and_the_run_fails_with_one_sentence(failing: Path) -> None:
    order = TrainLayers(
        profile="demo", overrides=SHORT, chunk_tokens=CHUNK_TOKENS, check_parity=False
    )

    with pytest.raises(LaminaError) as raised:
        main(order.model_dump_json())

    said = str(raised.value)
    assert said.startswith("2 of 3 layers failed, 1 published: ")
    assert "\n" not in said
    assert f"{BAD} (RuntimeError: CUDA error: an illegal memory access" in said
    assert f"{EMPTY} (layer '{EMPTY}' has files of questions only" in said
    assert (failing / f"output/adapters_gguf/{GOOD}.gguf").is_file()
    assert not (failing / f"output/adapters_gguf/{BAD}.gguf").is_symlink()
    archived = {path.parent.name for path in (failing / "data/archive").rglob("*.pdf")}
    assert archived == {GOOD}
    left = {path.parent.name for path in (failing / "data/raw_pdfs").rglob("*.pdf")}
    assert left >= {BAD}
    with get_client(sync_client=True) as client:
        run = max(client.read_flow_runs(), key=lambda one: one.created)
        pictures = [one for one in client.read_artifacts() if one.type == "image"]
    assert (run.state_name, said in (run.state.message or "")) == ("Failed", True)
    assert [one.key for one in pictures if one.flow_run_id == run.id] == ["loss-marlow-leasing"]
    assert str(pictures[0].data).startswith("data:image/svg+xml;base64,")


def test_layers_train_side_by_side_in_processes_of_their_own(
    failing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault planted in this process is not met: training happens elsewhere."""
    monkeypatch.setenv("LAMINA_TRAIN_WORKERS", "2")
    order = TrainLayers(
        layers=[GOOD, BAD],
        profile="demo",
        overrides=SHORT,
        chunk_tokens=CHUNK_TOKENS,
        check_parity=False,
    )

    assert main(order.model_dump_json()) == 0

    for layer in (GOOD, BAD):
        assert (failing / f"output/adapters_gguf/{layer}.gguf").is_file()
