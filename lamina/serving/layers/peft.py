"""PEFT folders that callers name: their GGUF form, made on first use and kept in the store."""

from functools import cached_property
from pathlib import Path

from lamina.fingerprint import Digests
from lamina.gguf import Header, read_header
from lamina.peft_folders import FILE, import_folder
from lamina.serving.layers import files
from lamina.store import Store, point


class PeftFolders:
    """Thread-safe. `views` holds a link to each file, so that `gc` lets it be."""

    def __init__(self, base: Path, store: Store, views: Path) -> None:
        self._base = base
        self._store = store
        self._views = views
        self._digests = Digests(store.root / "digests.json")

    @cached_property
    def _header(self) -> Header:
        return read_header(self._base)

    def file_of(self, folder: Path, name: str) -> Path:
        """The layer as GGUF; `name` is what it is called unless its passport says otherwise.

        Raises:
            LaminaError: it is no layer for this base, or GGUF cannot carry it.

        """
        ref = import_folder(folder, name, self._header, store=self._store, digest=self._digests)
        file = self._store.open(ref) / FILE
        point(self._views / f"{files.name_of(file)}.gguf", file)
        return file.resolve()
