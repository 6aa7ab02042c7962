"""The chains of the product under a real Prefect server, on the embedded base and handbooks.

One workspace for the module, and the tests in their order: what one has made, the next one finds.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import qa_layers, train_all, train_layers
from lamina.demo import handbooks
from lamina.demo.profile import CHUNK_TOKENS
from lamina.errors import LaminaError, NotFoundError
from lamina.orders import AskLayers, TrainAll
from lamina.stages import handover
from lamina.training import recipe
from tasks import edge
from tasks.recall import WorkToDoError, recalling
from tests.flows.chained import (
    QUICK,
    SHORT,
    chapters,
    last_run,
    names_of_runs,
    order,
    pdfs,
    this_pod,
    worked,
)  # fmt: skip

LEASING, GOODWILL, EMPTY = "Marlow_Leasing", "Ostrava_Goodwill", "Questions_Only"
TOPICS = (LEASING, GOODWILL)


@pytest.fixture(scope="module")
def chain_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Handbooks of two topics, and a folder with a file of questions alone."""
    root = tmp_path_factory.mktemp("chain") / "workspace"
    handbooks.write_handbooks(root / "data/raw_pdfs", root / "qa/prompts")
    for folder in (root / "data/raw_pdfs").iterdir():
        if folder.name not in TOPICS:
            for path in folder.iterdir():
                path.unlink()
    for path in (root / "qa/prompts").iterdir():
        if path.stem not in TOPICS:
            path.unlink()
    question = {"question": "Who signs?", "answer": "Ms Oak."}
    (root / "data/raw_pdfs" / EMPTY).mkdir()
    (root / "data/raw_pdfs" / EMPTY / "questions.jsonl").write_text(json.dumps(question))
    return root


@pytest.fixture
def chain(
    prefect_server: None, chain_root: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    from prefect.settings import PREFECT_RESULTS_LOCAL_STORAGE_PATH, temporary_settings

    del prefect_server
    monkeypatch.setenv("LAMINA_WORKSPACE", str(chain_root))
    monkeypatch.setenv("LAMINA_BASE_MODEL", "tiny")
    monkeypatch.setenv("LAMINA_N_THREADS", "1")
    monkeypatch.setenv("LAMINA_STORE_URL", f"file://{chain_root.parent}/depot")
    edge.STATES.clear()
    edge.OUTCOMES.clear()
    with temporary_settings({PREFECT_RESULTS_LOCAL_STORAGE_PATH: chain_root / "store/results"}):
        yield chain_root


def test_a_layer_that_fails_does_not_stop_the_others_and_the_run_says_which(
    chain: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fit = recipe.fit
    stood = []

    def break_one(model: object, order: recipe.LayerOrder, *rest: object) -> object:
        if order.layer == GOODWILL:
            stood.append(pdfs(chain / "data/archive") == chapters("leasing"))
            stood.append("layers/Marlow_Leasing" in handover.newest_heads(this_pod()))
            msg = "CUDA error: an illegal memory access was encountered"
            raise RuntimeError(msg)
        return fit(model, order, *rest)

    monkeypatch.setattr(recipe, "fit", break_one)

    with pytest.raises(LaminaError) as raised:
        train_layers.main(order(parity=None).model_dump_json())

    said = str(raised.value)
    assert stood == [True, True]  # the layer before was done with, to the last step
    assert said.startswith("2 of 3 layers failed, 1 published: ")
    assert "\n" not in said
    assert f"{GOODWILL} (RuntimeError: CUDA error: an illegal memory access" in said
    assert f"{EMPTY} (layer '{EMPTY}' has files of questions only" in said
    assert (chain / f"output/adapters_gguf/{LEASING}.gguf").is_file()
    assert not (chain / f"output/adapters_gguf/{GOODWILL}.gguf").is_symlink()
    assert pdfs(chain / "data/archive") == chapters("leasing")
    assert pdfs(chain / "data/raw_pdfs") >= chapters("goodwill")
    run, shown = last_run()
    assert (run.state_name, said in (run.state.message or "")) == ("Failed", True)
    (picture,) = [one for one in shown if one.type == "image"]
    assert picture.key == "loss-marlow-leasing"
    assert str(picture.data).startswith("data:image/svg+xml;base64,")
    told = capsys.readouterr().out
    assert f"  {LEASING}: {chain}/output/adapters_gguf/{LEASING}.gguf" in told
    assert f"  8 files to {chain}/data/archive: {LEASING}/leasing_" in told
    assert "next:" not in told


def test_a_layer_that_fails_its_ladder_is_not_published(chain: Path) -> None:
    (chain / "data/raw_pdfs" / EMPTY / "questions.jsonl").unlink()
    impossible = QUICK.model_copy(update={"f16_kl": 1e-15})

    with pytest.raises(LaminaError, match=r"at F16 the mean KL is .* \(limit 1e-15\)"):
        train_layers.main(order(GOODWILL, parity=impossible).model_dump_json())

    assert not (chain / f"output/adapters_gguf/{GOODWILL}.gguf").is_symlink()
    assert (chain / f"output/parity/{GOODWILL}/parity.md").is_file()
    assert pdfs(chain / "data/raw_pdfs") >= chapters("goodwill")
    (table,) = [one for one in last_run()[1] if one.key == "parity-ostrava-goodwill"]
    assert "| F16 |" in str(table.data)


def test_every_layer_is_exported_and_published_and_the_used_pdfs_are_archived(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_layers.main(order().model_dump_json())

    for topic in TOPICS:
        assert (chain / "output/peft" / topic / "adapter_model.safetensors").is_file()
        assert (chain / "output/adapters_gguf" / f"{topic}.gguf").is_file()
    assert (chain / "models/tiny-base.Q4_K_M.gguf").is_file()
    assert pdfs(chain / "data/archive") == chapters("leasing") | chapters("goodwill")
    assert pdfs(chain / "data/raw_pdfs") == {"copy_of_goodwill_chapter_1.pdf"}  # the duplicate
    named = names_of_runs()
    goodwill = named[f"train {GOODWILL}: trained already, to be published again"]
    assert goodwill.startswith("published; held-out loss")
    told = capsys.readouterr().out
    assert "held-out loss" in told
    assert told.rstrip().endswith("next: lamina qa_layers, or lamina serve")


def test_nothing_runs_when_nothing_changed(chain: Path) -> None:
    del chain
    train_layers.train_layers(order())

    assert worked() == set()
    assert names_of_runs() == {"train nothing: all is up to date": "all layers are up to date"}


def test_without_a_server_the_same_is_recalled_and_what_is_due_ends_the_recall(
    chain: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before, _ = last_run()
    monkeypatch.setattr(edge, "BEGAN_S", time.time())  # as in a process of its own

    with recalling():
        assert train_layers.main(order().model_dump_json()) == 0

    assert last_run()[0].id == before.id
    captured = capsys.readouterr()
    assert captured.out.startswith("up to date:\n")
    assert f"build_dataset-{LEASING}" in captured.err
    weights = (chain / "output/peft" / LEASING / "adapter_model.safetensors").resolve()
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))  # as a failing disk leaves it
    with pytest.raises(WorkToDoError), recalling():
        train_layers.main(order().model_dump_json())
    assert capsys.readouterr().out == ""
    weights.write_bytes(content)


def test_one_new_pdf_trains_its_layer_and_no_other_in_a_process_of_its_own(
    chain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault planted in this process is not met: training happens elsewhere."""

    def break_down(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(recipe, "fit", break_down)
    monkeypatch.setenv("LAMINA_TRAIN_WORKERS", "2")
    handbooks.write_addendum(chain / "data/raw_pdfs", LEASING)
    train_layers.train_layers(order())

    trained = {name for name in worked() if name.startswith("train-")}
    assert trained == {f"train-{LEASING}-demo"}
    assert f"train {LEASING}: 1 new PDF" in names_of_runs()


def test_a_sweep_is_shown_and_runs_once(chain: Path) -> None:
    for sweeps in ({f"sweep-{GOODWILL}-demo"}, set()):
        train_layers.train_layers(order(GOODWILL, parity=None, sweep=True))
        assert {name for name in worked() if name.startswith("sweep-")} == sweeps, chain
    assert last_run()[0].state_name == "Completed"


def test_the_levels_are_merged_and_the_base_is_left_as_it_is(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = (chain / "models/tiny-base.Q4_K_M.gguf").resolve()

    order = TrainAll(levels=["level1"], overrides=SHORT, chunk_tokens=CHUNK_TOKENS)
    train_all.main(order.model_dump_json())

    config = json.loads((chain / "peft/merged/config.json").read_text())
    assert config["lamina"]["layers"] == ["level1"]
    merged = chain / "models/tiny-base+level1.Q4_K_M.gguf"
    assert merged.is_file()
    assert (chain / "models/tiny-base.Q4_K_M.gguf").resolve() == base
    assert capsys.readouterr().out.rstrip().endswith(f", or lamina serve --model {merged}")


def test_every_layer_and_blend_is_asked_over_http(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blend = "+".join(f"{topic}:0.5" for topic in TOPICS)
    asked = AskLayers(blends=[blend], start_server=True, max_tokens=4)

    qa_layers.main(asked.model_dump_json())

    summary = json.loads((chain / "qa/summary.json").read_text())
    assert set(summary["blends"]) == {"base", "level1", blend, *TOPICS}
    assert set(summary["topics"]) == set(TOPICS)
    assert "<html" in (chain / "qa/report.html").read_text()
    assert f"  report: {chain}/qa/report.html" in capsys.readouterr().out


def test_a_flow_without_pdfs_fails_with_the_sentence(
    chain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del chain
    monkeypatch.setenv("LAMINA_WORKSPACE", str(tmp_path / "empty"))

    with pytest.raises(NotFoundError, match="there are no PDFs"):
        train_layers.train_layers(order())
