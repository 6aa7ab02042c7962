"""Runs one flow in this process: `python -m flows NAME '{"layers": ["Leases"]}' [--json]`."""

import logging
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from lamina import interruption
from lamina.errors import ending
from lamina.orchestrate import OWN_SERVER

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("train_layers", "train_all", "qa_layers", "publish_layers", "merge_and_convert", "demo")
# First tried without a server: see tasks/recall.py.
RECALLED = ("train_layers", "train_all", "qa_layers")


def main(name: str, order: str, *flags: str) -> int:
    """Run the flow; 0, or the exit code of what ended it."""
    if name not in NAMES:
        print(f"flow {name!r} is unknown; choose one of {', '.join(NAMES)}", file=sys.stderr)
        return 2
    interruption.listen()
    # The default action would skip the clean-up that ends a server of the flow's own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        # The command that became this process held both back for the time between.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
        return _run(name, order, as_json="--json" in flags)
    except KeyboardInterrupt:
        with suppress(BaseException):
            _last_words()
        interruption.leave()
    except Exception as error:  # noqa: BLE001 - the process's border
        return ending(error, debug=bool(os.environ.get("LAMINA_DEBUG")))


def _run(name: str, order: str, *, as_json: bool) -> int:
    from importlib import import_module

    from flows.shell import Closing

    Closing.as_json = as_json
    if not os.environ.get("LAMINA_DEBUG"):
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it misses kernels of a GPU
        for worker in ("APILogWorker", "EventsWorker"):  # Prefect's: on its way out it counts
            logging.getLogger(worker).setLevel(logging.ERROR)
    run: Callable[[str], int] = import_module(f"flows.{name}").main
    if os.environ.get("PREFECT_API_URL"):
        return run(order)
    return _on_own_server(name, run, order)


def _on_own_server(name: str, run: "Callable[[str], int]", order: str) -> int:
    """Without one, if all was done before."""
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        temporary_settings,
    )

    from flows.server import OwnServer
    from tasks.recall import WorkToDoError, recalling

    server = OwnServer()
    os.environ[OWN_SERVER] = "1"
    # Nobody watches there for flows that died, and stopping the heart takes a second.
    quiet = {PREFECT_API_URL: server.url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    with temporary_settings(quiet):
        if name in RECALLED:
            with suppress(WorkToDoError), recalling():
                return run(order)
        server.start()
        return run(order)


def _last_words() -> None:
    """What is queued for a server that others look at; ours ends with us."""
    from prefect.events.worker import EventsWorker

    if OWN_SERVER not in os.environ:
        EventsWorker.drain_all(timeout=1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
