"""Which GGUF file was made of which PEFT folder: by the digests in the artifacts' manifests."""

import json
from pathlib import Path


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
