"""The layers this server knows: files in the adapters folder and those that callers named by path.

A layer is known under its file's stem. When its file changes, the next look publishes a new version
under the same name; sequences that run keep the old one, because a layer set holds digests. Files
in the adapters folder are the operator's word, links included; a path in a request must lie inside
an allowed root once its links are resolved.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from lamina.errors import LaminaError, MismatchError, NotFoundError, ResourceError
from lamina.fingerprint import file_digest
from lamina.serving.layers import files
from lamina.serving.layers.adapter_file import BaseProfile, check_adapter
from lamina.serving.layers.blends import LayerSet, Part, layer_set
from lamina.serving.layers.layer import Layer
from lamina.serving.layers.peft import PeftFolders
from lamina.workspace import checked_layer_name


class Registry:
    """Thread-safe; every call looks at the folder again, at the cost of a stat a file."""

    def __init__(
        self,
        base: BaseProfile,
        folder: Path | None,
        roots: Iterable[Path] = (),
        peft: PeftFolders | None = None,
        on_change: Callable[[frozenset[str]], None] | None = None,
    ) -> None:
        """`on_change` is called with the digests that names mean, whenever they change."""
        self.base = base
        self._peft = peft
        self._on_change = on_change
        self._told: frozenset[str] = frozenset()
        self.folder = folder.resolve() if folder else None
        allowed = [root.resolve() for root in roots]
        self.roots = (*allowed, self.folder) if self.folder else tuple(allowed)
        self._layers: dict[str, Layer] = {}
        self._next_id = 0
        self._lock = threading.Lock()

    def layers(self) -> tuple[Layer, ...]:
        """Every known layer, by id; the folder is read again."""
        with self._lock:
            self._scan()
            self._tell()
            return tuple(sorted(self._layers.values(), key=lambda layer: layer.id))

    def named(self, name: str) -> Layer:
        """The current version of a layer.

        Raises:
            NotFoundError: no layer of that name.

        """
        return _known_as(name, self.layers())

    def at(self, path: Path) -> Layer:
        """The layer in this GGUF file or PEFT folder, which becomes known if it was not.

        Raises:
            InvalidInputError: the path is outside the allowed roots.
            NotFoundError: nothing is there.
            LaminaError: it is no layer for this base, or one that GGUF cannot carry.

        """
        if (layer := self._in_folder(path)) is not None:
            return layer
        asked = self.folder / path if self.folder else path
        if self.folder and (name := files.layer_named_by(asked, self.folder)):
            return self.named(name)
        real = files.allowed(asked, self.roots)
        if real.is_dir():
            return self._made_of(real, asked.name)
        with self._lock:
            self._scan()
            for layer in self._layers.values():
                if layer.path == real:
                    return layer
            return self._named_by_caller(files.name_of(real), real)

    def add(self, path: Path) -> Layer:
        """Make a GGUF file or a PEFT folder known on the operator's word, wherever it lies.

        Raises:
            LaminaError: nothing is there, or it is no layer for this base.

        """
        if path.is_dir():
            return self._made_of(path.resolve(), path.absolute().name)
        if not path.is_file() and (gguf := files.gguf_beside(path)):
            path = gguf
        if not path.is_file():
            msg = f"layer {path} is not there; check --lora"
            raise NotFoundError(msg)
        with self._lock:
            return self._named_by_caller(files.name_of(path), path.resolve())

    def resolve(self, parts: Iterable[Part], layers: Sequence[Layer] = ()) -> LayerSet:
        """The layer set of a blend, with the versions that stand now, or stood in these `layers`.

        Raises:
            LaminaError: a layer is missing, damaged, or for another base.

        """
        layers = layers or self.layers()
        return layer_set(
            (
                self.at(part.layer)
                if isinstance(part.layer, Path)
                else _known_as(part.layer, layers)
            ).applied(part.scale)
            for part in parts
        )

    # -- paths ------------------------------------------------------------------------------------

    def _in_folder(self, path: Path) -> Layer | None:
        """The layer of the adapters folder that this path names, wherever its link leads."""
        if self.folder is None or files.resolved((self.folder / path).parent) != self.folder:
            return None
        known = {layer.name: layer for layer in self.layers() if layer.in_folder}
        return known.get(path.stem) if path.suffix == ".gguf" else None

    def _made_of(self, folder: Path, name: str) -> Layer:
        """The layer of a PEFT folder: the one exported from it, else its GGUF form made here."""
        for layer in self.layers():
            if files.was_exported_from(layer.path, folder):
                return layer
        if self._peft is None:
            msg = f"PEFT folder {folder} has no GGUF form here; make it with `lamina export_layers`"
            raise NotFoundError(msg)
        file = self._peft.file_of(folder, name)
        with self._lock:
            self._scan()
            return self._know(files.name_of(file), file, named_by_caller=True, source=folder)

    # -- knowing files; the lock is held ----------------------------------------------------------

    def _named_by_caller(self, name: str, path: Path) -> Layer:
        layer = self._know(name, path, named_by_caller=True)
        self._tell()
        return layer

    def _tell(self) -> None:
        digests = frozenset(layer.digest for layer in self._layers.values())
        if self._on_change and digests != self._told:
            self._told = digests
            self._on_change(digests)

    def _scan(self) -> None:
        if self.folder and not self.folder.is_dir():
            return  # a mount that is away for a moment takes no layer with it
        present = files.stamps_in(self.folder) if self.folder else {}
        for name, (path, stamp) in sorted(present.items()):
            known = self._layers.get(name)
            if known is None or known.stamp != stamp:
                with suppress(FileNotFoundError):  # it went in this moment
                    self._know(name, Path(path).resolve())
        for name, layer in tuple(self._layers.items()):
            if name not in present:
                self._look_again(layer)

    def _look_again(self, layer: Layer) -> None:
        """At a layer that is not in the folder: it was, or a caller named it by its path."""
        try:
            stamp = files.stamp_of(layer.path.stat())
        except OSError:
            stamp = None
        gone = layer.source is not None and not layer.source.is_dir()
        if layer.in_folder or stamp is None or gone:
            del self._layers[layer.name]
        elif stamp != layer.stamp:
            self._layers[layer.name] = self._read(layer.id, layer.name, layer.path, stamp)

    def _know(
        self,
        name: str,
        path: Path,
        *,
        named_by_caller: bool = False,
        source: Path | None = None,
    ) -> Layer:
        stamp = files.stamp_of(path.stat())
        known = self._layers.get(name)
        if known and known.path == path and known.stamp == stamp:
            return known
        if named_by_caller:
            checked_layer_name(name)
            changed = source is not None and known is not None and known.source == source
            if known and known.path != path and known.path.is_file() and not changed:
                msg = (
                    f"another layer is already called {name} ({known.source or known.path}); "
                    "rename the file or folder, or put it in that place"
                )
                raise MismatchError(msg)
        number = known.id if known else self._next_id
        layer = replace(
            self._read(number, name, path, stamp),
            in_folder=not named_by_caller or (known is not None and known.in_folder),
            source=source,
        )
        if named_by_caller and layer.problem:
            raise layer.problem
        if not known:
            self._next_id += 1
        self._layers[name] = layer
        return layer

    def _read(self, number: int, name: str, path: Path, stamp: files.Stamp) -> Layer:
        """Check and hash a file; what is wrong with it becomes part of the answer."""
        try:
            checked_layer_name(name)
            facts = check_adapter(path, self.base, name)
            digest = file_digest(path)
        except LaminaError as problem:
            return Layer(number, name, path, stamp, problem=problem)
        except OSError as error:
            msg = f"layer {path} cannot be read ({error.strerror}); check its permissions"
            again = (stamp[0], -1, stamp[2])  # permissions are no part of a stamp: look every time
            return Layer(number, name, path, again, problem=ResourceError(msg))
        told = (facts.passport, facts.alpha, facts.rank, facts.profile)
        return Layer(number, name, path, stamp, digest, *told)


def _known_as(wanted: str | int, layers: Sequence[Layer]) -> Layer:
    """The layer with this name or number.

    Raises:
        NotFoundError: none has it.

    """
    for layer in layers:
        if wanted == (layer.id if isinstance(wanted, int) else layer.name):
            return layer
    names = ", ".join(sorted(layer.name for layer in layers)) or "none"
    msg = f"there is no layer {wanted!r}; known layers: {names}"
    raise NotFoundError(msg)
