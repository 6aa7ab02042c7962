"""The workspace: the paths people know. Those under `output/` are links into the store."""

import re
from pathlib import Path

from lamina.errors import InvalidInputError, ResourceError
from lamina.fingerprint import Digests
from lamina.settings import Settings
from lamina.store import Store, point

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z")
_RESERVED = frozenset(("base", "default", "merged"))  # they mean something on the server
LEVELS = ("level1", "level2", "level3")
EMBEDDED_BASE = Path(__file__).parent / "demo" / "tiny_base"
GENERAL = "general"  # the layer that PDFs directly under raw_pdfs/ feed


def checked_layer_name(name: str) -> str:
    """The name itself, if it can be a folder, a model name and part of a URL.

    Raises:
        InvalidInputError: it holds a slash, `..`, a sign that blends use, or it is reserved.

    """
    if not _NAME.match(name) or ".." in name:
        msg = (
            f"layer name {name!r} cannot be used: take letters, digits, '_', '-' and single dots, "
            f"at most 100 of them{_such_as(name)}"
        )
        raise InvalidInputError(msg)
    if name in _RESERVED:
        msg = f"layer name {name!r} has a meaning of its own on the server: choose another"
        raise InvalidInputError(msg)
    return name


def fed_layer(inbox: Path, document: Path) -> str:
    """The layer that a document under this folder feeds: the folder's name that it lies in.

    Nobody has checked whether that can be a layer's name.
    """
    folder, *rest = document.relative_to(inbox).parts
    return folder if rest else GENERAL


def _such_as(name: str) -> str:
    """The nearest name that can be used; empty where nothing is near."""
    near = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-")[:100]
    near += "_layer" if near in _RESERVED else ""
    return f", such as {near}" if _NAME.match(near) else ""


def _base_folder(named: Path | None, models: Path) -> Path:
    """The base that the environment names, else the one in use, else the 7B default."""
    if named is not None and str(named) == "tiny":
        return EMBEDDED_BASE
    if named is not None:
        added = models / "bases" / named
        return added if added.is_dir() and not named.exists() else named.expanduser().absolute()
    chosen = models / "base"
    name = chosen.readlink().name if chosen.is_symlink() else ""
    return models / "bases" / name if name else models / "hf_mistral"


def _make_one(short: Path, folder: Path) -> None:
    """Let `short` be a link to the folder; older workspaces have one of its own, with links."""
    if short.is_symlink():
        return
    if short.is_dir():
        views = list(short.iterdir())
        for view in views:
            there = folder / view.name
            if not view.is_symlink() or (there.exists() and there.resolve() != view.resolve()):
                return  # somebody's own: left as it is
        for view in views:
            point(folder / view.name, view.resolve())
            view.unlink()
        short.rmdir()
    point(short, folder)


class Workspace:
    """Where things are. Nothing is created until `make`."""

    def __init__(self, settings: Settings) -> None:
        root = settings.workspace.expanduser().absolute()
        self.root = root
        self.raw_pdfs = root / "data" / "raw_pdfs"
        self.processed = root / "data" / "processed"
        self.archive = (settings.pdf_archive_path or root / "data" / "archive").expanduser()
        self.withdrawn = root / "data" / "withdrawn"
        self.models = root / "models"
        self.bases = self.models / "bases"  # those that were added, by name
        self.chosen = self.models / "base"  # a link to the one in use
        self.base = _base_folder(settings.base_model, self.models)
        self.adapters_peft = root / "output" / "peft"
        self.adapters_gguf = root / "output" / "adapters_gguf"
        self.candidates = root / "output" / "candidates"
        self.imported = root / "output" / "imported"  # GGUF forms of PEFT folders that were asked
        self.versions = root / "output" / "versions"
        self.peft = root / "peft"  # the same folder under its shorter name
        self.merged = self.peft / "merged"
        self.qa = root / "qa"
        self.prompts = self.qa / "prompts"
        self.overrides = self.qa / "overrides.jsonl"
        self.store = Store(root / "store")
        self.digests = Digests(self.store.root / "digests.json")

    def trained(self) -> dict[str, Path]:
        """The views of layers that were trained here, by name; other folders are none of them."""
        views = sorted(self.adapters_peft.glob("*"))
        return {
            view.name: view
            for view in views
            if view.is_symlink() and view.resolve().parent == self.store.root.resolve() / "adapter"
        }

    def base_name(self) -> str:
        """What the base is called in file names: its folder's name, or that of the 7B default."""
        name = self.base.name.replace("_", "-")
        return "mistral-7b-instruct-v0.2" if name == "hf-mistral" else name

    def base_gguf(self, settings: Settings) -> Path:
        """The base as the server loads it (`MODEL_PATH`)."""
        default = self.models / f"{self.base_name()}.Q4_K_M.gguf"
        if self.base.parent == self.bases:
            default = self.bases / f"{self.base.name}.gguf"
        return (settings.model_path or default).expanduser().absolute()

    def without_base(self) -> str:
        """What to do where the base that is to be served is missing."""
        if self.base.is_dir():
            return "run `lamina convert_to_gguf`, which makes it of the base, or set MODEL_PATH"
        return "add a base, such as `lamina base add smollm2`, or name a GGUF file with MODEL_PATH"

    def make(self) -> "Workspace":
        """Create the folders that must stand before the first PDF lands.

        Raises:
            ResourceError: the workspace cannot be written.

        """
        folders = (self.raw_pdfs, self.processed, self.models, self.prompts, self.adapters_gguf)
        try:
            for folder in (*folders, self.adapters_peft, self.archive):
                folder.mkdir(parents=True, exist_ok=True)
            _make_one(self.peft, self.adapters_peft)
        except OSError as denied:
            msg = (
                f"cannot write to {denied.filename} ({denied.strerror}); "
                "choose a writable workspace with LAMINA_WORKSPACE"
            )
            raise ResourceError(msg) from denied
        return self
