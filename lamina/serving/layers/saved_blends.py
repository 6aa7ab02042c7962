"""Blends that outlive the server, in the adapters folder: the saved ones, and the default.

`blends.json` holds those saved under a name, `default.json` the default. They name layers, not
versions, and mean the versions that stand when a request comes.
"""

import json
import threading
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from lamina.errors import DamagedError, InvalidInputError, NotFoundError, ResourceError
from lamina.serving.layers.blends import Part, checked_scale
from lamina.store import write_atomically
from lamina.workspace import checked_layer_name

FILE, DEFAULT_FILE = "blends.json", "default.json"
Blends = dict[str, tuple[Part, ...]]
_PARTS = TypeAdapter(dict[str, float])
_SHAPE = TypeAdapter(dict[str, dict[str, float]])
Shaped = TypeVar("Shaped")


class SavedBlends:
    """Thread-safe. Without a folder it is empty and takes nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / FILE if folder else None
        self._default_path = folder / DEFAULT_FILE if folder else None
        self._lock = threading.Lock()

    def all(self) -> Blends:
        """Every saved blend.

        Raises:
            DamagedError: the file cannot be read.

        """
        remedy = 'write it like {"name": {"layer": 0.5}}'
        saved = _loaded(self._path, _SHAPE, remedy) or {}
        return {name: _read(parts) for name, parts in saved.items()}

    def default(self) -> tuple[Part, ...]:
        """The default of the server before; nothing where none was kept.

        Raises:
            DamagedError: the file cannot be read.

        """
        remedy = 'remove it, or write {"layer": 0.5}'
        return _read(_loaded(self._default_path, _PARTS, remedy) or {})

    def keep_default(self, parts: tuple[Part, ...] | None) -> bool:
        """Keep the default for the server after; None where no name can say it.

        Returns whether it is kept: a folder that cannot be written holds up no change of it.
        """
        if self._default_path is None:
            return False
        try:
            if parts:
                body = json.dumps({str(part.layer): part.scale for part in parts})
                write_atomically(self._default_path, body.encode())
            else:
                self._default_path.unlink(missing_ok=True)
        except OSError:
            return False
        return parts is not None

    def save(self, name: str, parts: tuple[Part, ...]) -> None:
        """Keep a blend, in place of the one that had this name.

        Raises:
            InvalidInputError: the name cannot be, or a layer is not named by its name.
            ResourceError: there is no folder, or it cannot be written.

        """
        checked_layer_name(name)
        if not parts or not all(isinstance(part.layer, str) for part in parts):
            msg = f"blend {name} cannot be saved; give its layers by name, at least one"
            raise InvalidInputError(msg)
        with self._lock:
            self._write({**self.all(), name: parts})

    def delete(self, name: str) -> None:
        """Forget a blend.

        Raises:
            NotFoundError: there is none of that name.

        """
        with self._lock:
            saved = self.all()
            if name not in saved:
                msg = f"there is no saved blend {name!r}; see GET /blends"
                raise NotFoundError(msg)
            del saved[name]
            self._write(saved)

    def _write(self, saved: Blends) -> None:
        if self._path is None:
            msg = "there is no folder to save blends in; start the server with --adapters-dir"
            raise ResourceError(msg)
        body = {
            name: {str(part.layer): part.scale for part in parts} for name, parts in saved.items()
        }
        try:
            write_atomically(self._path, json.dumps(body, indent=2, sort_keys=True).encode())
        except OSError as denied:
            msg = f"cannot write {self._path} ({denied.strerror}); make the folder writable"
            raise ResourceError(msg) from denied


def _loaded(path: Path | None, shape: TypeAdapter[Shaped], remedy: str) -> Shaped | None:
    """What a file holds; None where there is none."""
    try:
        return shape.validate_json(path.read_bytes()) if path else None
    except FileNotFoundError:
        return None
    except ValidationError as error:
        msg = f"{path} cannot be read; {remedy}"
        raise DamagedError(msg) from error


def _read(parts: dict[str, float]) -> tuple[Part, ...]:
    return tuple(Part(layer, checked_scale(scale, layer)) for layer, scale in parts.items())
