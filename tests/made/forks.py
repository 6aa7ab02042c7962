"""Processes of a test's own that share its memory as it is.

Plain forks: multiprocessing's own children end at once where this process had Prefect's threads
before.
"""

import os
import traceback
from collections.abc import Callable, Sequence


def at_once(actions: Sequence[Callable[[], object]]) -> list[int]:
    """Exit codes of one process for each action, all begun at one moment."""
    gate, starter = os.pipe()

    def waits(action: Callable[[], object]) -> None:
        os.close(starter)
        os.read(gate, 1)  # ends when the parent lets go
        action()

    children = [forked(lambda action=action: waits(action)) for action in actions]
    os.close(starter)
    codes = [ended(child) for child in children]
    os.close(gate)
    return codes


def forked(action: Callable[[], object]) -> int:
    """The id of a process that does it and ends."""
    if child := os.fork():
        return child
    code = 1
    try:
        action()
        code = 0
    except BaseException:  # noqa: BLE001 - nothing may leave a child
        traceback.print_exc()
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """The exit code, once it has ended; that of a signal is negative."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
