"""Whether a disk has room for what is about to start."""

import shutil
from pathlib import Path

from lamina.errors import ResourceError, size


def check_disk(what: str, folder: Path, needed_bytes: float) -> None:
    """Raise ResourceError unless so much is free where the folder lies, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        msg = (
            f"{what} needs about {size(needed_bytes)} under {folder}, but {size(free)} are free; "
            "free some space (`lamina gc` removes what nothing needs), and run again"
        )
        raise ResourceError(msg)
