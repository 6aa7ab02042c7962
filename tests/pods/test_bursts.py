"""200 files in bursts, the Prefect server stopped and a watcher killed meanwhile."""

import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from house import ENDED, House, kill

pytestmark = [pytest.mark.service, pytest.mark.slow, pytest.mark.timeout(1200)]
TRAIN, SPREAD = "train-layers/train-what-is-due", "spread-layers/train-on-all-workers"
LAYERS = ("Burst_Debt", "Burst_Leases")
NOUNS = ("deposit", "lease", "ledger", "branch", "limit", "asset", "harbour", "tenant", "tariff")


def write(house: House, number: int) -> None:
    """A short text of its own."""
    chosen = random.Random(number)
    sentence = "The {} of the {} is paid in the {}, and the {} shows it until the {} has ended."
    lines = [sentence.format(*chosen.choices(NOUNS, k=5)) for _ in range(12)]
    folder = house.cpu / "data" / "raw_pdfs" / LAYERS[number % 2]
    folder.mkdir(exist_ok=True)
    (folder / f".{number}").write_text(" ".join(lines))
    (folder / f".{number}").rename(folder / f"{number}.txt")


def another_watcher(house: House) -> "subprocess.Popen[bytes]":
    """Beside the one that supervisor keeps."""
    named = {"LAMINA_WORKSPACE": str(house.cpu), "PREFECT_API_URL": house.api_url}
    named["LAMINA_STORE_URL"] = f"file://{house.root}/depot"
    command = [sys.executable, "-c", "from lamina.cli import main; main()", "watch"]
    return subprocess.Popen(
        [*command, "--settle-s", "2"], env={**os.environ, **house.environment, **named}
    )


def archived(house: House) -> int:
    """How many of the files a training has used and put away."""
    return sum(
        len(list((house.gpu / "data" / "archive" / layer).glob("*.txt"))) for layer in LAYERS
    )


def test_every_layer_is_trained_once_for_its_content_and_nothing_is_forgotten(
    house: House,
) -> None:
    before, begun = len(house.woken(TRAIN)), log(house).stat().st_size
    second = another_watcher(house)
    try:
        for number in range(60):
            write(house, number)
        house.until(lambda: len(house.woken(TRAIN)) > before, "the first training run", 60)
        for number in range(60, 100):
            write(house, number)
        house.control("stop", "prefect-server")
        for number in range(100, 150):
            write(house, number)
        kill([house.pid("watch")])
        house.control("start", "prefect-server")
        for number in range(150, 200):
            write(house, number)
        house.until(lambda: archived(house) == 200, "all 200 files to be trained on", 300)
        house.until(lambda: not unfinished(house), "the runs that were woken to end", 200)
    finally:
        second.kill()
        second.wait()

    due = house.wait(house.start(SPREAD, {"layers": [*LAYERS]}))
    assert due["state"]["message"] == "started: nothing, all are up to date"
    adapters = [path.read_text() for path in house.gpu.glob("store/adapter/*/manifest.json")]
    contents = [one for one in adapters if any(f'"layer": "{name}"' in one for name in LAYERS)]
    assert trainings(house, begun) == len(contents) >= len(LAYERS)


def unfinished(house: House) -> list[dict[str, Any]]:
    """The woken runs that go on or wait."""
    return [run for run in house.woken(TRAIN) if run["state_type"] not in ENDED]


def trainings(house: House, since: int) -> int:
    """How often a layer was trained, and not found to be, since the log was so long.

    By the worker's own log: the server was away, and may not know.
    """
    done = rb"Task run 'train-Burst_\w+-layer' - Finished in state Completed\(\)"
    return len(re.findall(done, log(house).read_bytes()[since:]))


def log(house: House) -> Path:
    return house.root / "logs" / "gpu-worker.log"
