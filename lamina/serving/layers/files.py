"""Files that may be layers: which there are, whether they changed, what they are called."""

import os
from contextlib import suppress
from pathlib import Path

from lamina.gguf import read_header
from lamina.passport import Passport

_READ_BYTES = 1 << 20
Stamp = tuple[int, int, int]  # size, modification time in ns, inode


def stamp_of(status: os.stat_result) -> Stamp:
    """What tells whether a file is still the one that was read."""
    return (status.st_size, status.st_mtime_ns, status.st_ino)


def stamps_in(folder: Path) -> dict[str, tuple[Path, Stamp]]:
    """The GGUF files in a folder with their stamps, by stem: a few microseconds a file."""
    found = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".gguf") and entry.is_file():  # no pipe, no dangling link
                with suppress(FileNotFoundError):  # it went in this moment
                    stem = entry.name.removesuffix(".gguf")
                    found[stem] = (folder / entry.name, stamp_of(entry.stat()))
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
