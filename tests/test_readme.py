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

from lamina.bases.catalogue import CATALOGUE, cache_folder
from lamina.demo.handbooks import write_handbooks
from lamina.serving.launch import running_server

pytestmark = pytest.mark.service
ROOT = Path(__file__).parents[1]
LAYERS = {"ASC_Leases": "Marlow_Leasing", "ASC_Debt": "Velaro_Credit_Losses"}
SHORT = ["--set", "steps=2", "--set", "sequence_tokens=320", "--chunk-tokens", "256"]
ELSEWHERE = ("make demo", "make test", "make up")
SMOLLM2 = cache_folder() / CATALOGUE["smollm2"].sha256[:16]


def blocks(language: str) -> str:
    """The README's blocks in a language, one after the other, continued lines joined."""
    text = (ROOT / "README.md").read_text()
    found = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return "".join(found).replace("\\\n", " ")


def commands() -> list[str]:
    """Every command of the README's shell blocks."""
    return [line for line in blocks("sh").splitlines() if line.strip()]


def first_session() -> list[str]:
    """What is typed in the README's session with a real base; the rest is what is answered."""
    return re.findall(r"^\$ (.*)", blocks("console"), re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the README's reader has it: PDFs in `workspace/data/raw_pdfs/<layer>/`."""
    folder = tmp_path_factory.mktemp("reader")
    write_handbooks(folder / "raw", folder / "questions")
    for layer, sample in LAYERS.items():
        shutil.copytree(folder / "raw" / sample, folder / "workspace/data/raw_pdfs" / layer)
        questions = folder / f"workspace/qa/prompts/{layer}.jsonl"
        questions.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / f"questions/{sample}.jsonl", questions)
    return folder


@pytest.fixture(scope="module")
def shell(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LAMINA_", "PREFECT_"))}
    shutil.rmtree(folder / "raw")
    return {**kept, "LAMINA_BASE_MODEL": "tiny", "LAMINA_PORT": "1"}  # nothing answers there


def run(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
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
            subprocess.run([*lamina, *words], cwd=folder, env=shell, check=False)
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


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not SMOLLM2.is_dir(), reason="the wheel of smollm2 was not fetched here")
def test_the_session_with_a_real_base_goes_as_told(tmp_path: Path, shell: dict[str, str]) -> None:
    """On handbooks under the topics' names, with hardly any training."""
    write_handbooks(tmp_path / "raw", tmp_path / "questions")
    add, copy, train, serve, ask = first_session()
    *topics, inbox = shlex.split(copy)[2:]
    for topic, sample in zip(topics, LAYERS.values(), strict=True):
        (tmp_path / "raw" / sample).rename(tmp_path / topic)
    (tmp_path / inbox).mkdir(parents=True)
    lamina = [sys.executable, "-c", "from lamina.cli import main; main()"]
    environment = {k: v for k, v in shell.items() if k != "LAMINA_BASE_MODEL"}

    run([*lamina, *shlex.split(add)[1:]], tmp_path, environment)
    run(shlex.split(copy), tmp_path, environment)
    told = run([*lamina, *shlex.split(train)[1:], *SHORT], tmp_path, environment)

    assert all(f"  {topic}: " in told for topic in topics)
    assert serve.startswith(".venv/bin/lamina serve")
    workspace = tmp_path / "workspace"
    adapters = workspace / "output/adapters_gguf"
    with running_server(workspace / "models/bases/smollm2.gguf", adapters=adapters) as url:
        words = shlex.split(ask.replace("localhost:5000", url))
        answer = json.loads(run([*words, "-sS", "--noproxy", "*"], tmp_path, environment))
    assert [one["name"] for one in answer["lamina"]["layers"]] == topics[:1]
