"""A shelf of the user's cache folder: one file, made once, believed while its sha256 agrees."""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

SUMS = "SHA256"  # in the form that `sha256sum --check` reads


def cached(shelf: Path, make: Callable[[Path], Path]) -> Path:
    """The file on `shelf`; where none is, or a damaged one, what `make` makes in a folder."""
    return kept(shelf) or keep(shelf, make)


def kept(shelf: Path) -> Path | None:
    """The file on `shelf` if it is there, whole; anything else is taken off."""
    if not shelf.exists():
        return None
    try:
        digest, name = (shelf / SUMS).read_text().split()
        if digest == sha256(shelf / name):
            return shelf / name
    except (OSError, ValueError):
        pass  # nothing readable there is a damage like any other
    shutil.rmtree(shelf)
    return None


def keep(shelf: Path, make: Callable[[Path], Path]) -> Path:
    """Make a file aside and show it at once: a build that ends half-way leaves nothing to see."""
    shelf.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".new-", dir=shelf.parent) as aside:
        folder = Path(aside) / shelf.name
        folder.mkdir()
        made = make(folder)
        (folder / SUMS).write_text(f"{sha256(made)}  {made.name}\n")
        try:
            folder.rename(shelf)
        except OSError:  # another set-up was faster: its file is as good
            if not (shelf / SUMS).exists():
                raise
    return shelf / made.name


def sha256(file: Path) -> str:
    """The file's digest, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def folder(environment: Mapping[str, str], otherwise: Path) -> Path:
    """Lamina's cache folder, or `otherwise` where the user's cannot be written."""
    home = environment.get("HOME")
    users = environment.get("XDG_CACHE_HOME") or (home and f"{home}/.cache")
    if not users:
        return otherwise
    chosen = Path(users) / "lamina"
    try:
        chosen.mkdir(parents=True, exist_ok=True)
    except OSError:
        return otherwise
    return chosen if os.access(chosen, os.W_OK) else otherwise
