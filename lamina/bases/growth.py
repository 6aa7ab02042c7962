"""Shows how a folder fills, for downloads that another program makes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lamina.progress import Progress

_EVERY_S = 0.5
_MB = 1_000_000


@contextmanager
def watched(folder: Path, progress: Progress, label: str, total_bytes: int) -> Iterator[None]:
    """Tell the folder's size, in megabytes, until the block ends."""
    progress.start(f"{label} (MB)", max(1, total_bytes // _MB))
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(_EVERY_S):
            progress.advance(min(size_of(folder), total_bytes) // _MB)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; those that vanish meanwhile count nothing."""
    sizes = 0
    for path in folder.rglob("*"):
        try:
            sizes += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return sizes
