"""The bases of a workspace, by name: `models/bases/<name>` to train on, `<name>.gguf` to serve.

Both are links into the store; `models/base` is a link to the one in use.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.errors import InvalidInputError, NotFoundError
from lamina.gguf import read_header
from lamina.passport import BaseIdentity, Passport, identify_hf
from lamina.store import point
from lamina.workspace import Workspace, checked_layer_name

_TYPE = re.compile(r"[.-](i?q\d\w*|b?f16|f32)$", re.IGNORECASE)


@dataclass(frozen=True)
class Shelved:
    """One base under its name."""

    name: str
    folder: Path  # Hugging Face form
    gguf: Path | None
    ref: ArtifactRef | None
    in_use: bool


def name_from(text: str) -> str:
    """A name out of a file's or a repository's: without its type and odd signs.

    Raises:
        InvalidInputError: nothing is left.

    """
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", _TYPE.sub("", text)).strip("-._")
    return checked_name(plain)


def checked_name(name: str) -> str:
    """The name itself, if it can be a folder.

    Raises:
        InvalidInputError: it cannot, or it means something else.

    """
    try:
        checked_layer_name(name)
    except InvalidInputError as error:
        msg = str(error).replace("layer name", "base name")
        raise InvalidInputError(msg) from error
    if name == "tiny":
        msg = "the name tiny is that of the embedded base; choose another with --name"
        raise InvalidInputError(msg)
    return name


def shelved(workspace: Workspace) -> list[Shelved]:
    """All bases that were added, by name."""
    folders = sorted(workspace.bases.glob("*")) if workspace.bases.is_dir() else []
    return [_one(workspace, path.name) for path in folders if path.suffix != ".gguf"]


def find(workspace: Workspace, name: str) -> Shelved:
    """The base of a name.

    Raises:
        NotFoundError: there is none.

    """
    if name not in {one.name for one in shelved(workspace)}:
        names = ", ".join(one.name for one in shelved(workspace)) or "none so far"
        msg = f"base {name} was not added; `lamina base add` adds one (here are: {names})"
        raise NotFoundError(msg)
    return _one(workspace, name)


def _one(workspace: Workspace, name: str) -> Shelved:
    folder, gguf = workspace.bases / name, workspace.bases / f"{name}.gguf"
    return Shelved(
        name=name,
        folder=folder,
        gguf=gguf if gguf.exists() else None,
        ref=workspace.store.holding(folder),
        in_use=workspace.base == folder,
    )


def put(workspace: Workspace, name: str, base: ArtifactRef, gguf: ArtifactRef) -> None:
    """Let a name stand for a base."""
    point(workspace.bases / f"{name}.gguf", workspace.store.open(gguf) / "model.gguf")
    point(workspace.bases / name, workspace.store.open(base))


def use(workspace: Workspace, name: str) -> None:
    """Have training and serving take this base, unless the environment names another."""
    point(workspace.chosen, find(workspace, name).folder)


def remove(workspace: Workspace, name: str) -> None:
    """Take the name away; the store gives its room back with `lamina gc`.

    Raises:
        InvalidInputError: layers were made for it.

    """
    found = find(workspace, name)
    if layers := sorted(set(dependents(workspace, found))):
        msg = (
            f"base {name} is needed by {', '.join(layers[:5])}"
            f"{' and others' if len(layers) > 5 else ''}; take those layers away first"  # noqa: PLR2004
        )
        raise InvalidInputError(msg)
    if workspace.chosen.is_symlink() and workspace.chosen.readlink().name == name:
        workspace.chosen.unlink()
    for view in (found.folder, workspace.bases / f"{name}.gguf"):
        view.unlink(missing_ok=True)


def dependents(workspace: Workspace, base: Shelved) -> Iterator[str]:
    """Layers of this workspace that were trained on the base."""
    digest = identity(workspace, base).digest
    for passport in _passports(workspace):
        if passport and passport.base_digest == digest:
            yield passport.layer


def identity(workspace: Workspace, base: Shelved) -> BaseIdentity:
    """What the base is, under its name."""
    return identify_hf(base.folder, workspace.digests)


def _passports(workspace: Workspace) -> Iterator[Passport | None]:
    for folder in workspace.adapters_peft.glob("*"):
        yield Passport.from_manifest(folder)
    for place in (workspace.adapters_gguf, workspace.candidates):
        for file in place.glob("**/*.gguf"):
            yield Passport.from_gguf(read_header(file))
