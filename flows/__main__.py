"""Runs one flow in this process: `python -m flows NAME '{"layers": ["Leases"]}'`."""

import logging
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING

from lamina.errors import LaminaError

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("train_layers", "train_all", "qa_layers", "publish_layers", "demo")


def main(name: str, order: str) -> int:
    """Run the flow; 0, or the exit code of the error that ended it."""
    from importlib import import_module

    if name not in NAMES:
        print(f"flow {name!r} is unknown; choose one of {', '.join(NAMES)}", file=sys.stderr)
        return 2
    if not os.environ.get("LAMINA_DEBUG"):
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it misses kernels of a GPU
    # The default action would skip the clean-up that ends a server of the flow's own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    run: Callable[[str], int] = import_module(f"flows.{name}").main
    try:
        return run(order)
    except LaminaError as error:
        if os.environ.get("LAMINA_DEBUG"):
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
