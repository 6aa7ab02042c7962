"""What a run leans on goes away while it runs: it is neither given up nor begun beside itself."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flow_process import training
from house import House, drop, free_ports, kill
from postgres import Postgres, postgres

from lamina.demo import handbooks

pytestmark = [pytest.mark.service, pytest.mark.slow, pytest.mark.timeout(1800)]
LAYER, LANDED = "Ostrava_Goodwill", "Dunmore_Income_Tax"
SHORT = {"steps": 4, "sequence_tokens": 512, "batch_tokens": 512}


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="module")
def house(database: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The whole system on PostgreSQL, as the compose file has it."""
    running = House(
        tmp_path_factory.mktemp("house"),
        free_ports(),
        PREFECT_API_DATABASE_CONNECTION_URL=database.url,
    )
    try:
        running.make("up")
        running.edit_profile("layer", **SHORT)
        yield running
    finally:
        running.make("down")


@pytest.fixture(scope="module", autouse=True)
def manuals(house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    raw = tmp_path_factory.mktemp("manuals")
    handbooks.write_handbooks(raw, raw / "questions")
    for pdf in (raw / LAYER).glob("*.pdf"):
        drop(house.gpu / "data" / "raw_pdfs" / LAYER, pdf)
    return raw


@contextmanager
def slowed(house: House, learning_rate: float) -> Iterator[str]:
    """A run that trains at a twentieth of its pace, so that it lives as long as the test wants."""
    order = {
        "layers": [LAYER],
        "overrides": {"learning_rate": learning_rate, **SHORT, "steps": 120},
        "check_parity": False,
        "archive": False,
    }
    run_id = house.start("train-layers/train-what-is-due", order)
    flow = training(house, run_id)
    enough = threading.Event()
    brake = threading.Thread(target=hold_back, args=(flow, enough))
    brake.start()
    try:
        house.until(lambda: heartbeats(house, run_id), "a first heartbeat", 60)
        yield run_id
    finally:
        enough.set()
        brake.join()


def hold_back(pid: int, enough: threading.Event) -> None:
    while not enough.wait(0.05):
        os.kill(pid, signal.SIGSTOP)
        enough.wait(0.95)
        os.kill(pid, signal.SIGCONT)


def heartbeats(house: House, run_id: str) -> int:
    wanted = {
        "event": {"name": ["prefect.flow-run.heartbeat"]},
        "resource": {"id": [f"prefect.flow-run.{run_id}"]},
    }
    return int(house.ask("/events/filter", {"filter": wanted})["total"])


def ended_once(house: House, run_id: str) -> None:
    """It went through to its end, by itself, and nothing else trained the layer."""
    ended = house.wait(run_id, within_s=240)
    names = [state["name"] for state in house.ask(f"/flow_run_states/?flow_run_id={run_id}")]

    assert (ended["state_name"], ended["run_count"]) == ("Completed", 1), names


def test_a_database_that_is_away_for_a_minute_ends_no_run(house: House, database: Postgres) -> None:
    with slowed(house, 0.0031) as run_id:
        database.vanish()
        time.sleep(60)
        database.start()
        time.sleep(45)  # more than a heartbeat, and than the look at who is overdue

    ended_once(house, run_id)


def test_a_server_that_is_away_for_three_minutes_ends_no_run_and_loses_no_pdf(
    house: House, manuals: Path
) -> None:
    with slowed(house, 0.0032) as run_id:
        kill([house.pid("prefect-server")])
        house.control("stop", "prefect-server")
        drop(house.cpu / "data" / "raw_pdfs" / LANDED, next((manuals / LANDED).glob("*.pdf")))
        time.sleep(180)
        run_out(house.root / "prefect" / "concurrency_leases")
        house.control("start", "prefect-server")
        house.until(lambda: house.ask("/health"), "the server", 60)
        time.sleep(45)

    ended_once(house, run_id)
    (landed,) = house.until(lambda: automatic(house), "the run of the PDF that landed", 120)
    assert house.wait(landed["id"], within_s=240)["state_name"] == "Completed"
    assert len(automatic(house)) == 1


def run_out(leases: Path) -> None:
    """As if they had been renewed last a while before: every 225 s, for 300 s."""
    past = datetime.now(UTC).isoformat()
    kept = [path for path in leases.glob("*.json") if path.name != "expirations.json"]
    assert kept
    for path in kept:
        path.write_text(json.dumps(json.loads(path.read_text()) | {"expiration": past}))
    index = leases / "expirations.json"
    index.write_text(json.dumps(dict.fromkeys(json.loads(index.read_text()), past)))


def automatic(house: House) -> list[dict[str, Any]]:
    runs = house.runs("train-layers/train-what-is-due")
    return [run for run in runs if (run["created_by"] or {}).get("type") == "AUTOMATION"]
