"""Which files of a folder or a repository make a base, and copying them."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from lamina.passport import weight_files
from lamina.progress import Progress

_WEIGHTS = re.compile(r"model(-\d+-of-\d+)?\.safetensors\Z")
_BESIDE = re.compile(r"([\w.-]+\.json|[\w.-]+\.jinja|tokenizer\.model|LICEN[CS]E[\w.-]*)\Z")
_NOT = {"manifest.json"}


def wanted(names: Iterable[str]) -> list[str]:
    """Of a repository's files: weights as safetensors, and the small ones beside them."""
    return sorted(
        name for name in names if (_WEIGHTS.match(name) or _BESIDE.match(name)) and name not in _NOT
    )


def has_weights(names: Iterable[str]) -> bool:
    """Whether there are weights as safetensors among them."""
    return any(_WEIGHTS.match(name) for name in names)


def copy_model(source: Path, folder: Path, progress: Progress) -> None:
    """Copy the files of a base; raises NotFoundError where one that it needs is missing."""
    weights = {path.name for path in weight_files(source)}
    beside = wanted(path.name for path in source.iterdir() if path.is_file())
    names = sorted(weights | {name for name in beside if not name.endswith(".safetensors")})
    progress.start(f"copy {source.name}", len(names))
    for done, name in enumerate(names, start=1):
        shutil.copyfile(source / name, folder / name)
        progress.advance(done, name)
