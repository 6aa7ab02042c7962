"""A backup is one when it was restored: Prefect's database is lost, and brought back by the pages.

Between backup and loss a layer is trained, of which the database that comes back has never heard.
"""

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from house import ROOT, House, drop, free_ports
from postgres import Postgres, postgres

from lamina.demo import handbooks

pytestmark = [pytest.mark.service, pytest.mark.slow, pytest.mark.timeout(1200)]
BEFORE, AFTER = "Ostrava_Goodwill", "Dunmore_Income_Tax"
TRAIN = "train-layers/train-what-is-due"
SHORT = {"steps": 4, "sequence_tokens": 512, "batch_tokens": 512}


def page(name: str, pattern: str) -> str:
    """The line of a page that a person copies."""
    found = re.search(pattern, (ROOT / "docs" / name).read_text(), re.MULTILINE)
    assert found
    return found[1]


class OnPostgres:
    """The commands of docs/runpod.md."""

    def __init__(self, database: Postgres) -> None:
        self.database, self.dump = database, b""

    def back_up(self, house: House) -> None:
        del house
        self.dump = self.database.client(page("runpod.md", r"postgres (pg_dump .*) > "))

    def lose(self, house: House) -> None:
        self.database.make_anew()
        anew = [str(ROOT / ".venv/bin/prefect"), "server", "database", "upgrade", "-y"]
        here = {"PREFECT_HOME": str(house.root / "prefect")}
        subprocess.run(anew, env=house.environment | here, check=True, timeout=200)

    def restore(self, house: House) -> None:
        del house
        self.database.client(page("runpod.md", r"postgres (pg_restore .*) < "), self.dump)


class OnSqlite:
    """The commands of docs/operations.md."""

    def _run(self, house: House, pattern: str) -> None:
        line = page("operations.md", pattern).replace("workspace-up", str(house.root))
        line = line.replace("prefect.dump", f"{house.root}/prefect.dump")
        subprocess.run(["/bin/bash", "-c", line], cwd=ROOT, check=True, timeout=100)

    def back_up(self, house: House) -> None:
        self._run(house, r"^(.*VACUUM INTO.*)$")

    def lose(self, house: House) -> None:
        for path in (house.root / "prefect").glob("prefect.db*"):
            path.unlink()

    def restore(self, house: House) -> None:
        self._run(house, r"^(rm -f .*prefect\.db.*)$")
        self._run(house, r"^(cp prefect\.dump .*)$")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[OnPostgres | OnSqlite]:
    with ExitStack() as stack:
        on_postgres = request.param == "postgresql"
        yield OnPostgres(stack.enter_context(postgres())) if on_postgres else OnSqlite()


@pytest.fixture(scope="module")
def house(
    database: OnPostgres | OnSqlite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    named = {}
    if isinstance(database, OnPostgres):
        named["PREFECT_API_DATABASE_CONNECTION_URL"] = database.database.url
    running = House(tmp_path_factory.mktemp("house"), free_ports(), **named)
    try:
        running.make("up")
        yield running
    finally:
        running.make("down")


@pytest.fixture
def land(house: House, tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """Copies the manual of a layer; the training run that it woke, ended."""
    raw = tmp_path / "manuals"
    handbooks.write_handbooks(raw, tmp_path / "questions")

    def land(layer: str) -> dict[str, Any]:
        drop(house.cpu / "data/raw_pdfs" / layer, next((raw / layer).glob("*.pdf")))
        (run,) = house.until(
            lambda: [one for one in house.woken(TRAIN) if layer in one["name"]], "a run", 120
        )
        return house.wait(run["id"], within_s=240)

    return land


def standing(house: House) -> dict[str, object]:
    """What people have made or changed on the server, and what `setup` makes."""

    def by_name(path: str, *fields: str) -> dict[str, object]:
        return {one["name"]: [one[name] for name in fields] for one in house.ask(path, {})}

    return {
        "pools": by_name("/work_pools/filter", "type", "description", "is_paused"),
        "deployments": {
            one["name"]: (
                one["work_pool_name"],
                (one["global_concurrency_limit"] or {}).get("limit"),
                [(each["slug"], each["active"]) for each in one["schedules"]],
            )
            for one in house.ask("/deployments/filter", {})
        },
        "limits": by_name("/v2/concurrency_limits/filter", "limit", "active"),
        "blocks": by_name("/block_documents/filter", "data"),
        "automations": by_name("/automations/filter", "enabled", "description", "actions"),
    }


def test_all_comes_back_with_the_database_the_workers_go_on_and_nothing_is_trained_twice(
    house: House, database: OnPostgres | OnSqlite, land: Callable[[str], dict[str, Any]]
) -> None:
    house.edit_profile("layer", **SHORT)
    gpu = house.ask("/work_pools/gpu-pool")
    house.ask("/work_pools/gpu-pool", {"description": f"{gpu['description']} Mine."}, "PATCH")
    database.back_up(house)
    before = standing(house)
    assert land(BEFORE)["state"]["message"] == f"trained: {BEFORE}"

    house.control("stop", "prefect-server")
    database.lose(house)
    database.restore(house)
    house.control("start", "prefect-server")
    house.until(lambda: house.ask("/health"), "the server", 60)

    assert standing(house) == before
    assert house.woken(TRAIN) == []
    again = house.wait(house.start(TRAIN))
    assert again["state"]["message"] == "all layers are up to date", house.logs()
    assert land(AFTER)["state"]["message"] == f"trained: {AFTER}"
    assert house.wait(house.start("doctor/examine-pod"))["state_name"] == "Completed"
