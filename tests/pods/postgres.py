"""A real PostgreSQL on loopback, which a test may take away and bring back."""

import os
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Postgres:
    """One cluster with the database of the compose file; PostgreSQL refuses to run as root."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._data, self._programs = folder / "data", programs
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._folder = folder
        self._make()

    def _make(self) -> None:
        self._run("initdb", "--auth=trust", "--username=prefect", f"--pgdata={self._data}")
        self.start()
        self.client("createdb -U prefect prefect")

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://prefect@127.0.0.1:{self._port}/prefect"

    def start(self) -> None:
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -k {self._folder} -c fsync=off"
        log = self._folder / "log"
        self._run("pg_ctl", "start", "--wait", f"--pgdata={self._data}", f"-o{options}", f"-l{log}")

    def client(self, command: str, given: bytes | None = None) -> bytes:
        """A line such as `pg_dump -U prefect prefect`, run against it; what it printed."""
        program, *words = shlex.split(command)
        there = ["-h", "127.0.0.1", "-p", str(self._port)]
        return subprocess.run(
            [self._programs / program, *there, *words],
            input=given, stdout=subprocess.PIPE, check=True, timeout=120,
        ).stdout  # fmt: skip

    def make_anew(self) -> None:
        """Another machine's: nothing is in it."""
        self.vanish()
        shutil.rmtree(self._data)
        self._make()

    def vanish(self) -> None:
        """Without a word to anybody who is connected."""
        self._run("pg_ctl", "stop", "--mode=immediate", f"--pgdata={self._data}")

    def _run(self, program: str, *words: str) -> None:
        other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*other, str(self._programs / program), *words]
        # pg_ctl's server keeps what it was given as output
        with (self._folder / "said").open("ab") as said:
            subprocess.run(command, check=True, timeout=120, stdout=said, stderr=said, cwd="/")


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Started, and gone afterwards."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("no PostgreSQL here; `make services` installs it")
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))  # pytest's own is root's alone
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    try:
        database = Postgres(folder, found[-1].parent)
        yield database
        database.vanish()
    finally:
        shutil.rmtree(folder)
