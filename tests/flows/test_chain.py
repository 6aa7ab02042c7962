"""The chains of the product under a real Prefect server, on the embedded base and handbooks."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.qa_layers import qa_layers
from flows.train_all import train_all
from flows.train_layers import train_layers
from lamina.demo import handbooks
from lamina.demo.profile import CHUNK_TOKENS
from lamina.errors import NotFoundError
from lamina.orders import AskLayers, TrainAll, TrainLayers
from tasks import edge

SHORT = {"steps": 2, "evaluations": 1, "batch_tokens": 320, "sequence_tokens": 320}
TOPICS = ("Marlow_Leasing", "Ostrava_Goodwill")


@pytest.fixture(scope="module")
def chain_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One workspace for the module: what a test has made, the next one finds."""
    root = tmp_path_factory.mktemp("chain") / "workspace"
    handbooks.write_handbooks(root / "data/raw_pdfs", root / "qa/prompts")
    for folder in (root / "data/raw_pdfs").iterdir():
        if folder.name not in TOPICS:
            for path in folder.iterdir():
                path.unlink()
    for path in (root / "qa/prompts").iterdir():
        if path.stem not in TOPICS:
            path.unlink()
    return root


@pytest.fixture
def chain(
    prefect_server: None, chain_root: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    from prefect.settings import PREFECT_RESULTS_LOCAL_STORAGE_PATH, temporary_settings

    del prefect_server
    monkeypatch.setenv("LAMINA_WORKSPACE", str(chain_root))
    monkeypatch.setenv("LAMINA_BASE_MODEL", "tiny")
    monkeypatch.setenv("LAMINA_N_THREADS", "2")
    edge.STATES.clear()
    with temporary_settings({PREFECT_RESULTS_LOCAL_STORAGE_PATH: chain_root / "store/results"}):
        yield chain_root


def bring_up_to_date() -> None:
    """Run the flow for all layers, with hardly any training."""
    train_layers(TrainLayers(profile="demo", overrides=SHORT, chunk_tokens=CHUNK_TOKENS))


def worked() -> set[str]:
    """The cached tasks that did work since the last call."""
    names = {name for name, state, _ in edge.STATES if state != "Cached"}
    edge.STATES.clear()
    return names


def test_every_layer_is_trained_exported_and_published(chain: Path) -> None:
    bring_up_to_date()

    for topic in TOPICS:
        assert (chain / "output/peft" / topic / "adapter_model.safetensors").is_file()
        assert (chain / "output/adapters_gguf" / f"{topic}.gguf").is_file()
    assert (chain / "models/tiny-base.Q4_K_M.gguf").is_file()
    assert {f"train-{topic}-demo" for topic in TOPICS} <= worked()


def test_the_used_pdfs_are_archived_and_the_refused_stay(chain: Path) -> None:
    archived = {path.name for path in (chain / "data/archive").rglob("*.pdf")}
    left = {path.name for path in (chain / "data/raw_pdfs").rglob("*.pdf")}

    assert archived == {
        "leasing_manual.pdf",
        "leasing_pocket_guide.pdf",
        "goodwill_manual.pdf",
    }
    assert left == {"copy_of_goodwill_manual.pdf"}  # the duplicate


def test_nothing_runs_when_nothing_changed(chain: Path) -> None:
    del chain
    bring_up_to_date()

    assert worked() == set()


def test_one_new_pdf_trains_its_layer_and_no_other(chain: Path) -> None:
    handbooks.write_addendum(chain / "data/raw_pdfs", "Marlow_Leasing")
    bring_up_to_date()

    trained = {name for name in worked() if name.startswith("train-")}
    assert trained == {"train-Marlow_Leasing-demo"}


def test_a_layer_whose_file_was_damaged_is_trained_again(chain: Path) -> None:
    weights = chain / "output/peft/Ostrava_Goodwill/adapter_model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.resolve().write_bytes(content)

    bring_up_to_date()

    assert worked() == {"train-Ostrava_Goodwill-demo"}


def test_the_levels_are_merged_and_the_base_is_left_as_it_is(chain: Path) -> None:
    base = (chain / "models/tiny-base.Q4_K_M.gguf").resolve()

    train_all(TrainAll(levels=["level1"], overrides=SHORT, chunk_tokens=CHUNK_TOKENS))

    config = json.loads((chain / "peft/merged/config.json").read_text())
    assert config["lamina"]["layers"] == ["level1"]
    assert (chain / "models/tiny-base+level1.Q4_K_M.gguf").is_file()
    assert (chain / "models/tiny-base.Q4_K_M.gguf").resolve() == base


def test_every_layer_and_blend_is_asked_over_http(chain: Path) -> None:
    blend = "+".join(f"{topic}:0.5" for topic in TOPICS)

    qa_layers(AskLayers(blends=[blend], start_server=True, max_tokens=4))

    summary = json.loads((chain / "qa/summary.json").read_text())
    assert set(summary["blends"]) == {"base", "level1", blend, *TOPICS}
    assert set(summary["topics"]) == set(TOPICS)
    assert "<html" in (chain / "qa/report.html").read_text()


def test_a_flow_without_pdfs_fails_with_the_sentence(
    chain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del chain
    monkeypatch.setenv("LAMINA_WORKSPACE", str(tmp_path / "empty"))

    with pytest.raises(NotFoundError, match="there are no PDFs"):
        bring_up_to_date()
