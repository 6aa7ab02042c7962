"""A process of its own that reads files for Lamina, each in a child with limits.

Run as `python -m lamina.corpus.warden`: a JSON order a line on standard input, a JSON report a line
on standard output. The libraries are loaded once, here; a child costs only a fork. Whatever a file
does to a reader (crash, endless loop, gigabytes) ends with the child.

Covered: memory (address space), time (scaled by the pages the file turns out to have), crashes.
Not covered: the network and the rest of the file system are not shut off.
"""

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1  # of Linux's prctl
_MEMORY_EXIT = 77
_MOSTLY = 0.6  # of the memory limit: a child that died above it died of it


def main() -> None:
    """Serve orders until standard input ends."""
    import pypdfium2  # noqa: F401 - loaded before the forks, so that the children need not

    from lamina.corpus import reading  # noqa: F401 - the same

    for line in sys.stdin:
        report = _serve(json.loads(line))
        try:
            print(json.dumps(report), flush=True)
        except BrokenPipeError:  # whoever asked is gone
            os._exit(0)


def _serve(order: dict[str, Any]) -> dict[str, Any]:
    """Read one file in a child; report how that ended."""
    ear, mouth = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ear)
        _read_and_leave(order, mouth)
    os.close(mouth)
    in_time = _await_end(ear, order)
    os.close(ear)
    if not in_time:
        _end_group(child)
    _, status, usage = os.wait4(child, 0)
    peak_bytes = usage.ru_maxrss * 1024
    return {"end": _end(status, peak_bytes, order, in_time=in_time), "peak_bytes": peak_bytes}


def _end_group(child: int) -> None:
    """End the child and what it has started."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:  # it had no time to become a group of its own
        os.kill(child, signal.SIGKILL)


def _await_end(ear: int, order: dict[str, Any]) -> bool:
    """Wait until the child has closed its end; a page count it tells on the way buys it time."""
    limit_s = float(order["base_s"])
    started_s = time.monotonic()
    while (left_s := started_s + limit_s - time.monotonic()) > 0:
        if select.select([ear], [], [], left_s)[0]:
            told = os.read(ear, 64)
            if not told:
                return True
            limit_s += int(told.split()[-1]) * float(order["page_s"])
    return False


def _end(status: int, peak_bytes: int, order: dict[str, Any], *, in_time: bool) -> str:
    if not in_time:
        return "timeout"
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return "done"
    starved = code == _MEMORY_EXIT or peak_bytes > _MOSTLY * int(order["memory_bytes"])
    return "memory" if starved or code == -signal.SIGKILL else "crash"


def _read_and_leave(order: dict[str, Any], mouth: int) -> None:
    """The child's whole life."""
    code = 1
    try:
        _confine(order)
        from lamina.corpus.reading import read_file

        pages = read_file(
            Path(order["path"]), order["format"], lambda count: _tell(mouth, count), order["limits"]
        )
        Path(order["out"]).write_text(pages.model_dump_json(), encoding="utf-8")
        code = 0
    except MemoryError:
        code = _MEMORY_EXIT
    finally:
        os._exit(code)


def _tell(mouth: int, pages: int) -> None:
    os.write(mouth, f"{pages}\n".encode())


def _confine(order: dict[str, Any]) -> None:
    if sys.platform == "linux":  # die with the warden, whatever kills it
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    memory_bytes = int(order["memory_bytes"])
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


if __name__ == "__main__":
    main()
