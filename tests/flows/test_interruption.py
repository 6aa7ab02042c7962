"""Ctrl-C in a real terminal: one sentence, exit code 130, no traceback, and no process left.

Prefect 3.8.8's own temporary server dies of the same Ctrl-C, and the flow asks the dead one for 70
seconds. That no clock is read here is on purpose: a slow machine is no fault.
"""

from pathlib import Path

import pytest
from made import LAYERS, Made
from terminal import stopped_cleanly, terminal

from lamina.demo import handbooks

pytestmark = [pytest.mark.service, pytest.mark.timeout(300)]
TINY = {"LAMINA_BASE_MODEL": "tiny", "LAMINA_N_THREADS": "1", "LAMINA_PORT": "1"}


def test_training_is_stopped_and_so_is_a_server_that_is_starting(tmp_path: Path) -> None:
    raw = tmp_path / "workspace/data/raw_pdfs"
    handbooks.write_handbooks(tmp_path / "all", tmp_path / "questions")
    raw.mkdir(parents=True)
    (tmp_path / "all" / "Marlow_Leasing").rename(raw / "Marlow_Leasing")
    words = ["train_layers", "--profile", "demo", "--chunk-tokens", "256"]

    with terminal(words, tmp_path, **TINY) as running:
        running.await_process("flows.server")
        stopped_cleanly(running)
    with terminal(words, tmp_path, **TINY) as running:
        running.await_text("train Marlow_Leasing")
        stopped_cleanly(running)

    assert list(raw.rglob("*.pdf"))  # nothing was moved


@pytest.mark.slow  # the same way out as the test above
def test_questions_are_stopped_with_the_server_that_was_started_for_them(
    embedded: Made, tmp_path: Path
) -> None:
    pod = embedded.published().copy(tmp_path / "workspace")
    (pod.workspace.prompts / f"{LAYERS[0]}.jsonl").write_text(
        '{"question": "Who signs?", "answer": "Ms Oak."}\n'
    )

    with terminal(["qa_layers", "--start-server"], tmp_path, **TINY) as running:
        running.await_process("lamina.serving")
        stopped_cleanly(running)
