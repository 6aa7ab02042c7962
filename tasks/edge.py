"""Where the tasks meet the pod: the only reader of settings, and Prefect's side of progress."""

import base64
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from contextvars import copy_context
from threading import Thread
from typing import Any
from uuid import UUID

import httpx
from prefect.artifacts import (
    create_image_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext
from prefect.events import emit_event
from prefect.exceptions import PrefectHTTPStatusError
from prefect.logging import get_run_logger

from lamina.errors import StoppedError
from lamina.orchestrate import OWN_SERVER
from lamina.progress import Progress
from lamina.settings import Settings, load
from lamina.stages.pod import Pod
from lamina.store import Store
from lamina.summary import Summary
from lamina.workspace import Workspace

STATES: list[tuple[str, str, float]] = []  # (task, state, seconds) of this process, oldest first
OUTCOMES: list[Summary] = []  # what steps of this process made, measured and moved
_PATIENCE_S = 3.0
BEGAN_S = time.time()  # what is older was up to date
STOP = threading.Event()  # the run ends: what goes on in threads ends at its next step


def settings() -> Settings:
    """The settings of this pod, as its environment says now."""
    return load()


def workspace() -> Workspace:
    """The workspace of this pod, its folders made."""
    return Workspace(settings()).make()


def store() -> Store:
    """The store of this pod."""
    return Workspace(settings()).store


def note_state(task: Any, task_run: TaskRun, state: State) -> None:  # noqa: ANN401, ARG001
    """Keep a finished task's state name: `Cached` or `Completed`."""
    began = task_run.start_time
    seconds = (state.timestamp - began).total_seconds() if began else 0.0
    STATES.append((task_run.name or "", state.name or "", seconds))


class RunLog:
    """Progress as Prefect shows it: lines in the run's log, a bar among the run's artifacts.

    The bar moves aside: whoever works neither waits for a server that is away nor fails with it.
    """

    def __init__(self, name: str, terminal: Progress, interval_s: float = 5.0) -> None:
        self._key = _key(name)
        self._terminal = terminal
        self._interval_s = interval_s
        self._total = 1
        self._artifact: UUID | None = None
        self._moving: Thread | None = None
        self._last_s = 0.0

    def start(self, label: str, total: int) -> None:
        """Begin a piece of work."""
        self._total = max(total, 1)
        self._last_s = time.monotonic()
        self._terminal.start(label, total)

    def advance(self, done: int, note: str = "") -> None:
        """Move the bar; the artifact follows at most every `interval_s`."""
        if STOP.is_set():
            raise StoppedError
        self._terminal.advance(done, note)
        if time.monotonic() - self._last_s < self._interval_s:
            return
        if self._moving and self._moving.is_alive():
            return
        self._last_s = time.monotonic()
        wanted = (self._show, 100.0 * done / self._total, note)
        self._moving = Thread(target=copy_context().run, args=wanted, daemon=True)
        self._moving.start()

    def _show(self, percent: float, note: str) -> None:
        with suppress(PrefectHTTPStatusError, httpx.HTTPError):
            if self._artifact is None:
                self._artifact = _created(create_progress_artifact(percent, self._key, note))
            else:
                update_progress_artifact(self._artifact, percent, note)

    def close(self) -> None:
        """Let a bar that moves come to rest, unless its server is away."""
        if self._moving:
            self._moving.join(timeout=_PATIENCE_S)

    def say(self, line: str) -> None:
        """Log the line."""
        get_run_logger().info(line)
        self._terminal.say(line)


@contextmanager
def progress(key: str) -> Iterator[Progress]:
    """Progress of the current task; plain when no flow run is around it."""
    from lamina.progress import on_terminal

    with on_terminal() as terminal:
        if not FlowRunContext.get():
            yield terminal
            return
        with closing(RunLog(key, terminal)) as told:
            yield told


def _created(artifact: Any) -> UUID:  # noqa: ANN401 - a UUID in sync code, typed as a coroutine too
    return UUID(str(artifact))


@contextmanager
def pod(key: str) -> Iterator[Pod]:
    """This pod, with the progress of the current task under the artifact key `key`."""
    chosen = settings()
    with progress(key) as told:
        yield Pod(settings=chosen, workspace=Workspace(chosen).make(), progress=told)


def table(name: str, rows: list[dict[str, Any]], description: str = "") -> None:
    """Show rows as a table among the run's artifacts; nothing outside of a run."""
    if FlowRunContext.get() and rows:
        create_table_artifact(key=_key(name), table=rows, description=description)


def markdown(key: str, text: str, description: str = "") -> None:
    """Show Markdown among the run's artifacts; nothing outside of a run."""
    if FlowRunContext.get():
        create_markdown_artifact(text, key=_key(key), description=description)


def is_deployed() -> bool:
    """Whether the server outlives this run, so that it can be asked for more."""
    return bool(FlowRunContext.get()) and OWN_SERVER not in os.environ


def event(name: str, resource: str, payload: Mapping[str, Any]) -> None:
    """Have the server know of something, for whoever is notified."""
    if is_deployed():
        emit_event(name, resource={"prefect.resource.id": resource}, payload=dict(payload))


def picture(name: str, svg: str) -> None:
    """Show an SVG among the run's artifacts; nothing outside of a run."""
    if FlowRunContext.get():
        encoded = base64.b64encode(svg.encode()).decode()
        create_image_artifact(f"data:image/svg+xml;base64,{encoded}", _key(name))


def _key(text: str) -> str:
    """As Prefect wants keys of artifacts."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
