"""200 files in bursts, two watchers of which one is killed, and a server that is away meanwhile.

The watchers are real processes. Who trains is told nothing but that something is due: woken, it
fetches what landed from the depot, asks what is due, and trains that on the miniature base.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from events_server import EventsServer
from made import Made

from lamina import settings
from lamina.progress import Silent
from lamina.stages import corpus, handover, landing, layers
from lamina.stages.due import plan_layers
from lamina.stages.pod import Pod
from lamina.training.profiles import PRESETS
from lamina.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
LAYERS = ("Debt", "Goodwill", "Leases", "Taxes")
SHORT = PRESETS["demo"].model_copy(update={"steps": 1, "evaluations": 1})
CHUNK = 128
NOUNS = (
    "deposit", "lease", "ledger", "branch", "controller", "month", "limit", "manual", "asset",
    "roof", "harbour", "engine", "invoice", "tenant", "bridge", "warehouse", "option", "bond",
    "coupon", "reserve", "margin", "auditor", "pension", "tariff", "quarry",
)  # fmt: skip
WAIT_S = 240.0


def write(inbox: Path, number: int) -> None:
    """A text of its own for one of the layers: copied under a hidden name, then renamed."""
    chosen = random.Random(number)
    sentence = "The {} of the {} is paid in the {}, and the {} shows it until the {} has ended."
    lines = [sentence.format(*chosen.choices(NOUNS, k=5)) for _ in range(12)]
    folder = inbox / LAYERS[number % len(LAYERS)]
    folder.mkdir(exist_ok=True)
    (folder / f".{number}").write_text(" ".join(lines))
    (folder / f".{number}").rename(folder / f"{number}.txt")


@pytest.fixture
def watch(tmp_path: Path, server: EventsServer) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Starts a watcher of the CPU pod."""
    started = []
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LAMINA_")},
        "LAMINA_STORE_URL": f"file://{tmp_path}/depot",
        "PREFECT_API_URL": server.url,
    }
    command = [sys.executable, "-c", "from lamina.cli import main; main()"]
    command += ["--workspace", str(tmp_path / "cpu"), "watch", "--settle-s", "0.2"]

    def start() -> "subprocess.Popen[str]":
        started.append(subprocess.Popen(command, env=environment, text=True, cwd=tmp_path))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()


class Trainer:
    """A pod that trains what is due whenever it is woken."""

    def __init__(self, pod: Pod, server: EventsServer) -> None:
        self.pod, self.server = pod, server
        self.woken = 0
        self.trained: list[tuple[str, frozenset[str]]] = []

    def look(self) -> None:
        """Do what is due, if somebody has woken it since it last looked."""
        if len(self.server.taken) == self.woken:
            return
        self.woken = len(self.server.taken)
        landing.fetch_landed(self.pod)
        for name in self.due():
            self.train(name)

    def due(self) -> list[str]:
        plan = plan_layers(self.pod, [], SHORT, CHUNK, "general", costs=False)
        return [one.layer for one in plan if one.due]

    def train(self, name: str) -> None:
        base = corpus.find_base(self.pod)
        verdicts = corpus.pdf_pretest(self.pod, corpus.find_documents(self.pod))
        dataset = corpus.build_dataset(self.pod, verdicts, name, base, CHUNK)
        adapter = layers.train_layer(self.pod, name, dataset, base, SHORT)
        layers.publish_adapter(self.pod, name, adapter)
        handover.push(self.pod, {f"layers/{name}": {"adapter": adapter, "dataset": dataset}})
        self.trained.append((name, frozenset(self.pod.store.manifest(dataset).facts["documents"])))


def pod(root: Path, name: str, base: Path) -> Pod:
    chosen = settings.load(
        workspace=root / name, store_url=f"file://{root}/depot", base_model=base, n_threads=1
    )
    return Pod(chosen, Workspace(chosen).make(), Silent())


def test_every_layer_is_trained_once_for_its_content_and_nothing_is_forgotten(
    tmp_path: Path,
    miniature: Made,
    server: EventsServer,
    watch: Callable[[], "subprocess.Popen[str]"],
) -> None:
    inbox = pod(tmp_path, "cpu", miniature.base).workspace.raw_pdfs
    trainer = Trainer(pod(tmp_path, "gpu", miniature.base), server)
    first, _ = watch(), watch()

    def until(look: Callable[[], bool]) -> None:
        end = time.monotonic() + WAIT_S
        while not look():
            assert time.monotonic() < end
            trainer.look()
            time.sleep(0.2)

    for number in range(80):
        write(inbox, number)
    until(lambda: len(trainer.trained) >= len(LAYERS))
    server.status = 503
    for number in range(80, 120):
        write(inbox, number)
    first.kill()
    for number in range(120, 160):
        write(inbox, number)
    watch()
    server.status = 204
    for number in range(160, 200):
        write(inbox, number)
        trainer.look()
    until(lambda: sum(len(docs) for docs in dict(trainer.trained).values()) == 200)

    assert trainer.due() == []
    assert len(set(trainer.trained)) == len(trainer.trained)
