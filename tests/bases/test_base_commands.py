"""`lamina base` as a person meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_models

LAMINA = [sys.executable, "-c", "from lamina.cli import main; main()"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("commands")


def lamina(folder: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LAMINA_")}
    kept.pop("MODEL_PATH", None)
    told = {**kept, "N_THREADS": "1", "COLUMNS": "200", **environment}
    return subprocess.run(
        [*LAMINA, *words], cwd=folder, env=told, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_a_base_is_added_shown_used_and_removed(
    folder: Path, models: dict[str, tiny_models.Pair]
) -> None:
    added = lamina(folder, "base", "add", str(models["Mistral"].gguf), "--name", "tinier")
    assert added.returncode == 0, added.stderr
    assert "token ids equal llama.cpp's on" in added.stdout
    assert "in use: tinier" in added.stdout

    (row,) = json.loads(lamina(folder, "--json", "base", "list").stdout)
    assert (row["name"], row["in use"], row["served as"]) == ("tinier", "yes", "F32")

    shown = json.loads(lamina(folder, "--json", "base", "show", "tinier").stdout)
    assert shown["layers"] == "none"
    assert shown["facts"]["agreement"]["kl"] < 1e-4

    other = lamina(folder, "base", "use", "tinier", LAMINA_BASE_MODEL="tiny")
    assert "LAMINA_BASE_MODEL=tiny wins for training" in other.stdout

    gone = lamina(folder, "base", "remove", "tinier")
    assert "lamina gc" in gone.stdout
    assert json.loads(lamina(folder, "--json", "base", "list").stdout) == []


def test_a_source_that_is_not_there_is_one_sentence(folder: Path) -> None:
    refused = lamina(folder, "base", "add", "nothing.gguf")

    assert refused.returncode == 3
    assert refused.stderr.count("\n") == 1
    assert "there is no base nothing.gguf" in refused.stderr
