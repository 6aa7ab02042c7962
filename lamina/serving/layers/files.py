"""Files that may be layers, before they are read.

Which there are, whether they changed, what they are called; where a path in a request may lead; and
which file was made of which PEFT folder, by the digests in the artifacts' manifests.
"""

import json
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lamina.errors import InvalidInputError, NotFoundError
from lamina.gguf import read_header
from lamina.passport import Passport

_READ_BYTES = 1 << 20
_PEFT, _GGUF = "peft", "adapters_gguf"  # the two forms of a workspace's layers, side by side
Stamp = tuple[int, int, int]  # size, modification time in ns, inode


def stamp_of(status: os.stat_result) -> Stamp:
    """What tells whether a file is still the one that was read."""
    return (status.st_size, status.st_mtime_ns, status.st_ino)


def stamps_in(folder: Path) -> dict[str, tuple[str, Stamp]]:
    """The GGUF files in a folder with their stamps, by stem: a few microseconds a file."""
    found = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".gguf"):
                try:
                    status = entry.stat()
                except FileNotFoundError:  # it went in this moment, or a link leads nowhere
                    continue
                if stat.S_ISREG(status.st_mode):  # no pipe
                    found[entry.name[: -len(".gguf")]] = (entry.path, stamp_of(status))
    return found


def read_ahead(path: Path) -> None:
    """Bring a file into the system's cache, so that the engine thread never waits for a disk."""
    with suppress(OSError), path.open("rb", buffering=0) as file:  # loading it says what is wrong
        part = bytearray(_READ_BYTES)
        while file.readinto(part):
            pass


def name_of(path: Path) -> str:
    """What a file's layer is called: its stem, or inside the store what its passport says."""
    if path.stem != "adapter":
        return path.stem
    passport = Passport.from_gguf(read_header(path))
    return passport.layer if passport else path.stem


def allowed(path: Path, roots: Iterable[Path]) -> Path:
    """The real path. Outside the roots, existing and missing files get the same answer.

    Raises:
        InvalidInputError: it is outside, or no file or folder.
        NotFoundError: nothing is there.

    """
    real = resolved(path)
    if not any(real.is_relative_to(root) for root in roots):
        shown = ", ".join(str(root) for root in roots) or "none"
        msg = f"path {path} lies outside the allowed folders ({shown}); start with --allowed-root"
        raise InvalidInputError(msg)
    if not real.exists():
        msg = f"layer {path} is not there; check the path"
        raise NotFoundError(msg)
    if not (real.is_file() or real.is_dir()):
        msg = f"{path} is neither a file nor a folder; check the path"
        raise InvalidInputError(msg)
    return real


def resolved(path: Path) -> Path:
    """The path without links. What no file can be called is the caller's mistake.

    Raises:
        InvalidInputError: it is too long, holds a zero byte or half a character, or is a loop.

    """
    try:
        real = path.resolve()
        real.exists()  # a name that is too long shows only here
    except (OSError, ValueError, RuntimeError) as error:
        msg = f"path {str(path)[:200]!r} cannot be a file's ({error}); check it"[:600]
        raise InvalidInputError(msg) from error
    return real


def gguf_beside(path: Path) -> Path | None:
    """The GGUF form of a layer whose PEFT folder is named and not here: pods that serve lack it."""
    real = resolved(path)
    file = real.parent.with_name(_GGUF) / f"{real.name}.gguf"
    return file if real.parent.name == _PEFT and not real.exists() and file.is_file() else None


def layer_named_by(path: Path, folder: Path) -> str | None:
    """The layer of this adapters folder that such a path means."""
    file = gguf_beside(path)
    return file.stem if file is not None and file.parent == folder else None


def was_exported_from(gguf: Path, folder: Path) -> bool:
    """Whether the artifact around this file names this PEFT folder's artifact as its input."""
    digest = _artifact_digest(folder)
    return digest is not None and digest in _inputs_of(gguf)


def _artifact_digest(folder: Path) -> str | None:
    try:
        digest = json.loads((folder / "manifest.json").read_bytes())["digest"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return digest if isinstance(digest, str) else None


def _inputs_of(gguf: Path) -> set[str]:
    """Digests that the artifact around this file was made from."""
    try:
        manifest = json.loads((gguf.parent / "manifest.json").read_bytes())
        inputs = manifest["inputs"]
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    found: set[str] = set()
    _collect_texts(inputs, found)
    return found


def _collect_texts(value: object, found: set[str]) -> None:
    if isinstance(value, str):
        found.add(value)
    elif isinstance(value, dict):
        for item in value.values():
            _collect_texts(item, found)
    elif isinstance(value, list):
        for item in value:
            _collect_texts(item, found)
