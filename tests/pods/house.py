"""The whole system as real processes: what `make up` starts, and how a test asks it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "CRASHED"}
PATIENCE = 2.5  # times the seconds that a quick machine needs; a wait that succeeds ends early


def free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


class House:
    """Server, two workers, layer server and watcher, under one folder."""

    def __init__(self, root: Path, ports: tuple[int, int], **environment: str) -> None:
        self.root = root
        self.gpu, self.cpu = root / "gpu", root / "cpu"
        self.server = f"http://127.0.0.1:{ports[1]}"
        self.api_url = f"http://127.0.0.1:{ports[0]}/api"
        plain = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PREFECT_", "LAMINA_"))
        }
        self.environment = plain | {
            "LAMINA_UP": str(root),
            "LAMINA_PREFECT_PORT": str(ports[0]),
            "LAMINA_PORT": str(ports[1]),
            "LAMINA_SETTLE_S": "2",
            "LAMINA_BASE_MODEL": "tiny",
            "N_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        auth = environment.get("PREFECT_API_AUTH_STRING", "").partition(":")
        self._http = httpx.Client(
            base_url=self.api_url,
            auth=(auth[0], auth[2]) if auth[0] else None,
            timeout=30,
            trust_env=False,
        )
        key = environment.get("LAMINA_API_KEY")
        self._layers = httpx.Client(
            base_url=self.server,
            headers={"Authorization": f"Bearer {key}"} if key else None,
            timeout=60,
            trust_env=False,
        )

    # -- starting and ending ----------------------------------------------------------------------

    def make(self, word: str, *, check: bool = True) -> str:
        """`up`, `down` or `ps`; what it printed."""
        done = subprocess.run(
            ["/bin/bash", "deployments/up.sh", word],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240 * PATIENCE,
            check=False,
        )
        if check and done.returncode:
            pytest.fail(f"up.sh {word}: {done.stdout}{done.stderr}{self.logs()}")
        return done.stdout + done.stderr

    def control(self, *words: str) -> str:
        """Supervisor's own command line."""
        bin_folder = Path(sys.executable).parent
        socket = f"unix://{self.root}/run/supervisor.sock"
        command = [str(bin_folder / "supervisorctl"), "-s", socket, *words]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=90, check=False
        ).stdout

    def pid(self, program: str) -> int:
        return int(self.control("pid", program))

    def processes(self) -> list[int]:
        """Every process that belongs to this house, by its environment."""
        mark = f"LAMINA_UP={self.root}\0".encode()
        return [pid for pid in _pids() if mark in _environ(pid)]

    def children(self, program: str) -> list[int]:
        """Every process below a program."""
        parents = {pid: _parent(pid) for pid in _pids()}
        below, found = [], [self.pid(program)]
        while found:  # a child's number may be the smaller one: they begin anew
            found = [pid for pid, parent in parents.items() if parent in found]
            below += found
        return sorted(below)

    def logs(self) -> str:
        tails = [
            f"\n== {path.name}\n{path.read_text(errors='replace')[-3000:]}"
            for path in sorted((self.root / "logs").glob("*.log"))
        ]
        return "".join(tails)

    # -- Prefect ----------------------------------------------------------------------------------

    def ask(self, path: str, body: object | None = None, verb: str = "") -> Any:  # noqa: ANN401
        """POST with a body, GET without; tried again while the server is away for a moment."""
        verb = verb or ("GET" if body is None else "POST")
        for _ in range(90):
            with suppress(httpx.TransportError):
                reply = self._http.request(verb, path, json=body)
                if reply.status_code != 503:  # SQLite, under several writers
                    reply.raise_for_status()
                    return reply.json() if reply.content else None
            time.sleep(1)
        pytest.fail(f"{path}: no answer{self.logs()}")

    def edit_profile(self, name: str, **values: object) -> None:
        """Replace single values in a Training profile, for the runs that come."""
        found = self.ask(f"/block_types/slug/lamina-training-profile/block_documents/name/{name}")
        edited = {"data": {"values": found["data"]["values"] | values}}
        self.ask(f"/block_documents/{found['id']}", edited, "PATCH")

    def start(self, deployment: str, order: Mapping[str, object] | None = None) -> str:
        """Start a run as the UI does; its id."""
        found = self.ask(f"/deployments/name/{deployment}")
        body = {"parameters": {"order": order} if order is not None else {}}
        return str(self.ask(f"/deployments/{found['id']}/create_flow_run", body)["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        return dict(self.ask(f"/flow_runs/{run_id}"))

    def runs(self, deployment: str) -> list[dict[str, Any]]:
        """Runs of a deployment that nobody scheduled, oldest first."""
        found = self.ask(f"/deployments/name/{deployment}")
        wanted = {
            "deployments": {"id": {"any_": [found["id"]]}},
            "sort": "EXPECTED_START_TIME_ASC",
        }
        return [one for one in self.ask("/flow_runs/filter", wanted) if not one["auto_scheduled"]]

    def wait(self, run_id: str, *types: str, within_s: float = 150) -> dict[str, Any]:
        """The run, once its state's type is one of these (none = it ended)."""
        wanted = set(types) or ENDED
        return self.until(
            lambda: (run := self.run(run_id))["state_type"] in wanted and run,
            f"run {run_id} {sorted(wanted)}",
            within_s,
        )

    def until(self, look: Callable[[], Any], what: str, within_s: float = 150) -> Any:  # noqa: ANN401
        """What `look` gives once it is true; the logs, where it never is."""
        within_s *= PATIENCE
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if found := look():
                return found
            time.sleep(0.5)
        pytest.fail(f"waited {within_s:.0f} s for: {what}{self.logs()}")

    def inner(self, run_id: str) -> list[dict[str, Any]]:
        """The runs that a run has begun and waited for, oldest first."""
        wanted = {"flow_runs": {"parent_flow_run_id": {"any_": [run_id]}}}
        return sorted(self.ask("/flow_runs/filter", wanted), key=lambda one: one["created"])

    def woken(self, deployment: str) -> list[dict[str, Any]]:
        """The runs of a deployment that an event has started, and nobody by hand."""
        runs = self.runs(deployment)
        return [run for run in runs if (run["created_by"] or {}).get("type") == "AUTOMATION"]

    def artifacts(self, run_id: str) -> dict[str, dict[str, Any]]:
        """The artifacts of a run and of the runs in it, by key."""
        both = [run_id, *(one["id"] for one in self.inner(run_id))]
        wanted = {"artifacts": {"flow_run_id": {"any_": both}}}
        return {one["key"]: one for one in self.ask("/artifacts/filter", wanted)}

    def task_states(self, run_id: str) -> dict[str, str]:
        wanted = {"flow_runs": {"id": {"any_": [run_id]}}}
        return {one["name"]: one["state_name"] for one in self.ask("/task_runs/filter", wanted)}

    # -- the layer server -------------------------------------------------------------------------

    def layers(self) -> dict[str, dict[str, Any]]:
        reply = self._layers.get("/lora-adapters")
        return {one["name"]: one for one in reply.raise_for_status().json()}

    def answer(self, model: str, question: str) -> dict[str, Any]:
        body = {
            "model": model,
            "messages": [{"role": "user", "content": question}],
            "max_tokens": 24,
            "temperature": 0,
        }
        reply = self._layers.post("/v1/chat/completions", json=body)
        return dict(reply.raise_for_status().json())


def kill(pids: Sequence[int]) -> None:
    """SIGKILL, as a vanishing pod does it."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _environ(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def write_prompts(house: House, layer: str, questions: list[dict[str, str]]) -> None:
    path = house.cpu / "qa" / "prompts" / f"{layer}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in questions))


def drop(folder: Path, pdf: Path, name: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(pdf, folder / (name or pdf.name)))
