"""The command line as a person meets it: one sentence for a mistake, and no traceback."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lamina.demo.handbooks import write_handbooks
from lamina.workspace import EMBEDDED_BASE

LAMINA = [sys.executable, "-c", "from lamina.cli import main; main()"]


class Shell:
    """Runs `lamina` in an empty folder, with nothing of the caller's settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LAMINA_", "PREFECT_"))
            and name not in {"MODEL_PATH", "PDF_ARCHIVE_PATH", "N_CTX", "N_THREADS"}
        }
        self.environment = {**kept, "LAMINA_BASE_MODEL": "tiny", "COLUMNS": "200"}

    def __call__(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*LAMINA, *words],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )


@pytest.fixture
def lamina(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture(scope="module")
def handbooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handbooks")
    write_handbooks(folder / "raw", folder / "questions")
    return folder / "raw"


@pytest.fixture
def with_handbooks(lamina: Shell, handbooks: Path) -> Shell:
    for layer in ("Marlow_Leasing", "Ostrava_Goodwill", "Kestrel_Inventory"):
        target = lamina.folder / "workspace" / "data" / "raw_pdfs" / layer
        shutil.copytree(handbooks / layer, target)
    return lamina


def refuses(result: "subprocess.CompletedProcess[str]", *words: str) -> None:
    """It failed with one line on standard error that holds these words."""
    assert result.returncode not in {0, -11, -6}, result.stdout
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr


def test_help_lists_every_stage(lamina: Shell) -> None:
    shown = lamina("--help").stdout

    for stage in (
        "pdf_pretest", "build_dataset", "train_level1", "train_level2", "train_level3",
        "train_layers", "train_all", "merge_level", "convert_to_gguf", "export_layers",
        "archive_pdfs", "serve", "qa_layers", "doctor", "demo", "settings",
    ):  # fmt: skip
        assert stage in shown


def test_no_pdfs_is_said_with_the_folder_to_put_them_in(lamina: Shell) -> None:
    refuses(lamina("pdf_pretest"), "no PDFs", "raw_pdfs")


def test_no_base_is_said_with_the_setting_that_names_one(with_handbooks: Shell) -> None:
    refuses(
        with_handbooks("build_dataset", LAMINA_BASE_MODEL=""), "hf_mistral", "LAMINA_BASE_MODEL"
    )


def test_an_incomplete_base_names_the_missing_file(with_handbooks: Shell) -> None:
    base = with_handbooks.folder / "base"
    shutil.copytree(EMBEDDED_BASE, base)
    (base / "model.safetensors").unlink()

    result = with_handbooks("convert_to_gguf", LAMINA_BASE_MODEL=str(base))

    refuses(result, "model.safetensors is missing", str(base))


def test_a_workspace_that_cannot_be_written_names_the_setting(lamina: Shell) -> None:
    (lamina.folder / "file").write_text("in the way")

    refuses(lamina("--workspace", "file/ws", "pdf_pretest"), "file/ws", "LAMINA_WORKSPACE")


def test_an_unknown_preset_lists_the_known_ones(lamina: Shell) -> None:
    refuses(lamina("train_layers", "--profile", "level9"), "level9", "level1, level2, level3")


def test_a_profile_value_that_cannot_be_is_named(lamina: Shell) -> None:
    refuses(lamina("train_layers", "--set", "rank=many"), "rank", "many")


@pytest.mark.parametrize("name", ["../etc", "a/b", ".."])
def test_a_layer_name_that_could_leave_its_folder_is_refused(lamina: Shell, name: str) -> None:
    refuses(lamina("train_layers", name), "layer name", name)


def test_a_layer_without_pdfs_lists_those_that_have_some(with_handbooks: Shell) -> None:
    refuses(with_handbooks("build_dataset", "Leases"), "layer Leases", "Marlow_Leasing")


def test_a_layer_that_is_not_trained_is_not_exported(lamina: Shell) -> None:
    refuses(lamina("export_layers", "Leases"), "layer Leases is not trained", "train_layers")


def test_a_setting_that_cannot_be_is_one_sentence(lamina: Shell) -> None:
    refuses(lamina("settings", N_CTX="many"), "N_CTX", "many")


def test_debug_shows_the_traceback(lamina: Shell) -> None:
    assert "Traceback" in lamina("--debug", "pdf_pretest").stderr


def test_a_damaged_gguf_is_not_served(lamina: Shell) -> None:
    model = lamina.folder / "model.gguf"
    model.write_bytes(b"GGUF and then nothing")

    refuses(lamina("serve", "--port", "0", MODEL_PATH=str(model)), str(model))


def test_a_missing_gguf_says_how_to_make_it(lamina: Shell) -> None:
    refuses(lamina("serve", "--port", "0"), "tiny-base.Q4_K_M.gguf", "convert_to_gguf")


def test_settings_say_where_each_value_comes_from(lamina: Shell) -> None:
    (lamina.folder / ".env").write_text("LAMINA_PORT=5001\n")

    shown = json.loads(lamina("--json", "settings", N_CTX="512").stdout)

    assert shown["n_ctx"] == [512, "environment N_CTX"]
    assert shown["port"] == [5001, ".env LAMINA_PORT"]
    assert shown["seed"][1] == "default"


def test_the_verdicts_name_the_scan_and_the_duplicate(with_handbooks: Shell) -> None:
    rows = json.loads(with_handbooks("--json", "pdf_pretest").stdout)

    reasons = {row["file"]: row["reasons"] for row in rows if not row["recommended"]}
    assert reasons == {
        "scanned_count_sheet.pdf": ["no_text"],
        "copy_of_goodwill_manual.pdf": ["duplicate"],
    }


def test_a_dataset_is_built_for_the_layers_that_are_named(with_handbooks: Shell) -> None:
    facts = json.loads(with_handbooks("--json", "build_dataset", "Marlow_Leasing").stdout)

    assert list(facts) == ["Marlow_Leasing"]
    rows = (with_handbooks.folder / "workspace/data/processed/train.jsonl").read_text().splitlines()
    assert len(rows) == facts["Marlow_Leasing"]["train_rows"]


def test_a_taken_port_is_said_before_anything_is_served(lamina: Shell, base_q4: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        refuses(lamina("serve", "--port", port, MODEL_PATH=str(base_q4)), port, "--port")
