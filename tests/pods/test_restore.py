"""A backup is one when it was restored: Prefect's database, by the commands of docs/runpod.md."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(not BINARIES or bool(os.getuid()), reason="no PostgreSQL here, or no root"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Postgres:
    """A PostgreSQL of the test's own, with one empty database."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        folder.mkdir()
        shutil.chown(folder, "postgres")
        self._run("initdb", "-D", str(folder / "data"), "-A", "trust", "-U", "prefect", "--no-sync")
        options = f"-p {self.port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-D", str(folder / "data"), "-o", options, "-w", "-l",
                  str(folder / "log"), "start")  # fmt: skip
        self("createdb", "prefect")

    def __call__(self, program: str, *words: str, given: bytes | None = None) -> bytes:
        """A client's program, as the database's owner; what it printed."""
        command = [BINARIES[0] / program, "-h", "127.0.0.1", "-p", str(self.port), "-U", "prefect"]
        return subprocess.run(
            [*command, *words], input=given, stdout=subprocess.PIPE, check=True
        ).stdout

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://prefect@127.0.0.1:{self.port}/prefect"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")

    def _run(self, program: str, *words: str) -> None:
        command = [BINARIES[0] / program, *words]
        subprocess.run(
            command, user="postgres", cwd=self.folder, check=True, stdout=subprocess.DEVNULL
        )


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Postgres]]:
    """Two: the one that is lost, and the one on the new machine."""
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, *folder.parents[:3]):  # its user must be let through
        parent.chmod(parent.stat().st_mode | 0o055)
    made = [Postgres(folder / name) for name in ("old", "new")]
    yield made
    for one in made:
        one.stop()


@contextmanager
def prefect_server(database: Postgres, home: Path) -> Iterator[dict[str, str]]:
    """A server on it; the environment of its clients."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "LAMINA_"))}
    environment = {
        **plain, "PREFECT_HOME": str(home), "PREFECT_API_URL": url, "DO_NOT_TRACK": "1",
        "PREFECT_API_DATABASE_CONNECTION_URL": database.url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }  # fmt: skip
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)]
    server = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            assert server.poll() is None
            if _answers(f"{url}/health"):
                break
            time.sleep(0.25)
        yield environment
    finally:
        server.terminate()
        server.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def ask(environment: dict[str, str], path: str, body: object) -> list[dict[str, str]]:
    url = f"{environment['PREFECT_API_URL']}{path}"
    found = httpx.post(url, json=body, timeout=30, trust_env=False).raise_for_status().json()
    return list(found)


def test_pools_automations_and_what_a_person_changed_come_back_with_the_database(
    postgres: list[Postgres], tmp_path: Path
) -> None:
    old, new = postgres
    with prefect_server(old, tmp_path / "old") as environment:
        bootstrap = [sys.executable, "deployments/bootstrap.py"]
        subprocess.run(
            bootstrap, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, timeout=200
        )
        (pool, *_) = ask(environment, "/work_pools/filter", {})
        url = f"{environment['PREFECT_API_URL']}/work_pools/{pool['name']}"
        httpx.patch(url, json={"description": "mine"}, trust_env=False).raise_for_status()
    dump = old("pg_dump", "--format=custom", "prefect")
    old("dropdb", "prefect")

    new("pg_restore", "--clean", "--if-exists", "--dbname=prefect", given=dump)

    with prefect_server(new, tmp_path / "new") as environment:
        pools = {
            one["name"]: one["description"] for one in ask(environment, "/work_pools/filter", {})
        }
        automations = {one["name"] for one in ask(environment, "/automations/filter", {})}
        profiles = ask(environment, "/block_documents/filter", {})
    assert set(pools) == {"gpu-pool", "cpu-pool"}
    assert pools[pool["name"]] == "mine"
    assert "lamina: lost runs are crashed" in automations
    assert {"level1", "layer"} <= {one["name"] for one in profiles}
