"""Files and links that are on the disk when they are said to be, and never seen half."""

import os
import tempfile
from pathlib import Path

from lamina.errors import ResourceError


def write_durably(path: Path, content: bytes) -> None:
    """Write a file and see it on the disk before returning."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file so that a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    aside = Path(name)
    try:
        write_durably(aside, content)
        aside.chmod(0o644)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def see_on_disk(path: Path) -> None:
    """Return when a file, or what a folder lists, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def point(view: Path, target: Path) -> None:
    """Make `view` a symbolic link to `target`, swapped in one step.

    Raises:
        ResourceError: something that is no link stands there; it is left as it is.

    """
    if view.exists() and not view.is_symlink():
        msg = f"{view} is not one of Lamina's links; move it away, and run again"
        raise ResourceError(msg)
    view.parent.mkdir(parents=True, exist_ok=True)
    aside = view.with_name(f".{view.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    aside.symlink_to(os.path.relpath(target, view.parent.resolve()))
    aside.replace(view)
