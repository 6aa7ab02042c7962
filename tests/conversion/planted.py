"""Artifacts with a fault in them, as a broken export or a mixed-up file would leave them."""

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.stages.pod import Pod
from lamina.store import Stage

BOOL, FLOAT = "<?", "<f"


def planted(pod: Pod, ref: ArtifactRef, file: str, change: Callable[[Path], None]) -> ArtifactRef:
    """The artifact again, with a fault in its file."""

    def make(folder: Path) -> dict[str, object]:
        shutil.copy(pod.store.path(ref) / file, folder / file)
        change(folder / file)
        return dict(pod.store.manifest(ref).facts)

    return pod.store.once(
        ref.kind, Stage("plant", 1), {"ref": ref, "of": change.__qualname__}, make, refresh=True
    )


def write_value(path: Path, key: str, code: str, value: float | bool) -> None:
    """Overwrite a number in a GGUF file's metadata."""
    raw = bytearray(path.read_bytes())
    marked = struct.pack("<Q", len(key)) + key.encode()
    at = raw.index(marked) + len(marked) + 4  # past the type
    raw[at : at + struct.calcsize(code)] = struct.pack(code, value)
    path.write_bytes(raw)
