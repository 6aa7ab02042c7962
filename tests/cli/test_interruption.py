"""Ctrl-C at a terminal: one sentence, the shell's exit code, and no process that goes on."""

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


@pytest.mark.parametrize("command", ["pull", "doctor"])
def test_what_waits_for_a_depot_that_says_nothing(tmp_path: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(0)
        url = f"sftp://me@127.0.0.1:{silent.getsockname()[1]}/depot"
        with terminal([command], tmp_path, **TINY, LAMINA_STORE_URL=url) as running:
            calls: list[socket.socket] = []
            running.await_it(lambda: calls or took(silent, calls), "a call at the depot")

            stopped_cleanly(running)


def took(silent: socket.socket, calls: list[socket.socket]) -> bool:
    """Whether somebody calls by now; the call is kept, and not answered."""
    try:
        calls.append(silent.accept()[0])
    except BlockingIOError:
        return False
    return True


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
