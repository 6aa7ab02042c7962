"""Ctrl-C at a terminal: one sentence, the shell's exit code, and no process that goes on."""

import select
import shutil
import socket
import sys
from pathlib import Path

import pytest
from terminal import stopped_cleanly, terminal

TINY = {"LAMINA_BASE_MODEL": "tiny"}


@pytest.fixture
def folder(tmp_path: Path, handbooks: Path) -> Path:
    """Where the command runs, with handbooks of two topics."""
    for layer in ("Marlow_Leasing", "Ostrava_Goodwill"):
        shutil.copytree(handbooks / layer, tmp_path / "workspace/data/raw_pdfs" / layer)
    return tmp_path


def test_a_server(tmp_path: Path, base_q4: Path) -> None:
    with terminal(
        ["serve", "--port", "0"], tmp_path, MODEL_PATH=str(base_q4), N_CTX="256"
    ) as running:
        running.await_text("listening on")

        stopped_cleanly(running)


def test_a_watcher(folder: Path) -> None:
    with terminal(["watch", "--settle-s", "600"], folder, **TINY) as running:
        running.await_text("are not whole yet")

        stopped_cleanly(running)


@pytest.mark.parametrize(
    ("words", "child"),
    [
        (("pdf_pretest",), "lamina.corpus.warden"),
        (("convert_to_gguf",), "lamina.conversion.worker"),
        (("train_level1", "--set", "steps=500"), "lamina.training.worker"),
    ],
)
def test_a_stage_whose_work_is_done_by_another_process(
    folder: Path, words: tuple[str, ...], child: str
) -> None:
    with terminal(words, folder, **TINY, LAMINA_TRAIN_WORKERS="1") as running:
        running.await_process(child)

        stopped_cleanly(running)


@pytest.mark.parametrize(
    ("command", "setting", "url"),
    [
        ("pull", "LAMINA_STORE_URL", "sftp://me@127.0.0.1:{}/depot"),
        ("doctor", "LAMINA_SERVER_URL", "http://127.0.0.1:{}"),
    ],
)
def test_what_waits_for_an_answer_that_does_not_come(
    tmp_path: Path, command: str, setting: str, url: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told = {setting: url.format(silent.getsockname()[1])}
        with terminal([command], tmp_path, **TINY, **told) as running:
            running.await_it(lambda: select.select([silent], [], [], 0)[0], "a call")
            call, _ = silent.accept()

            with call:
                stopped_cleanly(running)


STUBBORN = """
import subprocess, threading, time
import lamina.stages.corpus as corpus
from lamina.cli import main

def find_documents(pod):
    threading.Thread(target=time.sleep, args=(600,)).start()
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    print("at work", flush=True)
    while True:
        try:
            time.sleep(600)
        except KeyboardInterrupt:
            pass

corpus.find_documents = find_documents
main()
"""


def test_what_does_not_listen_is_not_waited_for(tmp_path: Path) -> None:
    """Such as a library that swallows the interruption, and a thread that reads a large file."""
    stubborn = (sys.executable, "-c", STUBBORN)
    with terminal(["pdf_pretest"], tmp_path, stubborn, **TINY) as running:
        running.await_text("at work")

        stopped_cleanly(running)
