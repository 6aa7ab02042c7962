"""The README's commands, taken from its text and run in its order."""

import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lamina.demo.handbooks import write_handbooks
from lamina.serving.launch import running_server

pytestmark = pytest.mark.service
ROOT = Path(__file__).parents[1]
LAYERS = {"ASC_Leases": "Marlow_Leasing", "ASC_Debt": "Velaro_Credit_Losses"}
SHORT = ["--set", "steps=2", "--set", "sequence_tokens=320", "--chunk-tokens", "256"]
ELSEWHERE = ("make demo", "make test", "make up")


def commands() -> list[str]:
    """Every command of the README's shell blocks, continued lines joined."""
    text = (ROOT / "README.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the README's reader has it: PDFs in `workspace/data/raw_pdfs/<layer>/`."""
    folder = tmp_path_factory.mktemp("reader")
    write_handbooks(folder / "raw", folder / "questions")
    for layer, sample in LAYERS.items():
        shutil.copytree(folder / "raw" / sample, folder / "workspace/data/raw_pdfs" / layer)
    return folder


@pytest.fixture(scope="module")
def shell(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LAMINA_", "PREFECT_"))}
    shutil.rmtree(folder / "raw")
    return {**kept, "LAMINA_BASE_MODEL": "tiny", "LAMINA_PORT": "1"}  # nothing answers there


def run(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def runs_on_record(folder: Path) -> int:
    """Flow runs in the database that a server of the flow's own keeps in the workspace."""
    with sqlite3.connect(folder / "workspace/store/prefect/prefect.db") as records:
        return int(records.execute("select count(*) from flow_run").fetchone()[0])


def test_every_command_is_run_by_a_test_or_by_ci() -> None:
    known = (*ELSEWHERE, ".venv/bin/lamina ", "curl localhost:5000/")

    assert [line for line in commands() if not line.startswith(known)] == []


@pytest.mark.timeout(1500)
def test_the_commands_for_ones_own_pdfs_run_in_the_order_given(
    folder: Path, shell: dict[str, str]
) -> None:
    lamina = [sys.executable, "-c", "from lamina.cli import main; main()"]
    chosen = [line for line in commands() if re.match(r"\.venv/bin/lamina (?!serve)", line)]
    assert len(chosen) == 4

    for line in chosen:
        words = shlex.split(line)[1:]
        if words[0] == "doctor":  # finds fault with a pod that has no layers yet: it must speak
            subprocess.run([*lamina, *words], cwd=folder, env=shell, timeout=100, check=False)
            continue
        run([*lamina, *words, *(SHORT if words[0] == "train_layers" else [])], folder, shell)

    assert (folder / "workspace/qa/report.html").is_file()
    begun = runs_on_record(folder)
    again = run([*lamina, "train_layers", *SHORT], folder, shell)
    assert again.startswith("up to date:\n")
    assert runs_on_record(folder) == begun  # nothing was due: no server, and no run on it


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    """What `lamina serve` starts, on a free port."""
    workspace = folder / "workspace"
    model = workspace / "models/tiny-base.Q4_K_M.gguf"
    adapters = workspace / "output/adapters_gguf"
    roots = (workspace / "store",)
    with running_server(model, adapters=adapters, allowed_roots=roots, n_ctx=512) as url:
        yield url


def test_the_curl_lines_answer(server: str, folder: Path, shell: dict[str, str]) -> None:
    lines = [line for line in commands() if line.startswith("curl ")]
    assert len(lines) == 3

    for line in lines:
        words = shlex.split(line.replace("localhost:5000", server))
        answer = json.loads(run([*words, "-sS", "--noproxy", "*"], folder, shell))
        assert "error" not in answer, answer
