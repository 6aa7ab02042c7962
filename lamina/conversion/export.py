"""PEFT layers to GGUF, each with its passport inside."""

import atexit
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.conversion.converter import Converter
from lamina.conversion.jobs import Script
from lamina.conversion.layer_files import Layer, open_layer
from lamina.errors import DamagedError
from lamina.gguf import read_header
from lamina.passport import PREFIX, Passport, profile
from lamina.progress import Progress
from lamina.store import Stage, Store
from lamina.text.rows import SPLITS, read_rows

STAGE = Stage("export", 1)
FILE = "adapter.gguf"


def export_layers(
    adapters: Sequence[ArtifactRef],
    base_folder: Path,
    *,
    store: Store,
    progress: Progress,
    llama_cpp_dir: Path,
) -> list[ArtifactRef]:
    """Each layer as `adapter.gguf` (kind `lora-gguf`, the passport in its facts), in order.

    Only `config.json` and the tokenizer of the base are read. One child process converts all
    that the store does not hold yet, and stays for the layers that follow (`end_exporting`).

    Raises:
        InvalidInputError: a layer is no plain LoRA.
        DamagedError: a layer cannot be converted, or its papers contradict each other.

    """
    progress.start("export layers", len(adapters))
    exported = []
    with _kept(llama_cpp_dir, store.root / "logs" / "export_layers.log") as converter:
        for number, adapter in enumerate(adapters, start=1):
            layer = open_layer(adapter, store)
            exported.append(_export(layer, base_folder, store, converter))
            progress.advance(number, layer.passport.layer)
    return exported


_LOCK = threading.Lock()
_KEPT: dict[tuple[Path, Path], Converter] = {}


@contextmanager
def _kept(llama_cpp_dir: Path, log: Path) -> Iterator[Converter]:
    """The converter of this process, for one thread at a time: to begin takes it seconds."""
    with _LOCK:
        key = (llama_cpp_dir, log)
        if key not in _KEPT or _KEPT[key].is_gone():
            _end()
            _KEPT[key] = Converter(llama_cpp_dir, log)
        try:
            yield _KEPT[key]
        except BaseException:
            _end()
            raise


def end_exporting() -> None:
    """End the child process; the next layer starts its own."""
    with _LOCK:
        _end()


def _end() -> None:
    while _KEPT:
        _, converter = _KEPT.popitem()
        converter.stop()
        with converter:
            pass


atexit.register(end_exporting)


def _export(layer: Layer, base_folder: Path, store: Store, converter: Converter) -> ArtifactRef:
    trained = store.manifest(layer.ref).run
    notes = {"training_cost": trained.get("cost"), "training_s": trained.get("fit_seconds")}
    dataset = _dataset(layer, store)

    def make(folder: Path) -> dict[str, object]:
        target = folder / FILE
        job = script(layer, base_folder, target)
        if dataset and (found := _profile(store.open(dataset))):
            job = job.model_copy(update={"metadata": job.metadata | {PREFIX + profile.KEY: found}})
        converter.run(job)
        _check(target, layer.passport)
        return {"passport": layer.passport.model_dump(mode="json")}

    inputs: dict[str, object] = {"adapter": layer.ref}
    if dataset:
        inputs |= {"profile": profile.VERSION, "dataset": dataset}
    return store.once("lora-gguf", STAGE, inputs, make, run_notes=notes)


def _dataset(layer: Layer, store: Store) -> ArtifactRef | None:
    """What the layer was trained on, where this store holds it: by it `auto` finds the layer."""
    if layer.passport.dataset is None:
        return None
    ref = ArtifactRef(kind="dataset", digest=layer.passport.dataset)
    return ref if store.holds(ref) else None


def _profile(dataset: Path) -> str:
    """Of all the layer's documents, held out or not: questions about them are for this layer."""
    files = (dataset / f"{split}.jsonl" for split in SPLITS)
    return profile.of_rows(row for file in files for row in read_rows(file))


def script(layer: Layer, base_folder: Path, target: Path) -> Script:
    """The converter's job. float32: the layer is applied as trained, and at rank 16 it is small."""
    return Script(
        script="convert_lora_to_gguf.py",
        arguments=(
            "--base", str(base_folder), "--outfile", str(target), "--outtype", "f32",
            str(layer.folder),
        ),
        name=layer.passport.layer,
        metadata=layer.passport.metadata(),
    )  # fmt: skip


def _check(target: Path, passport: Passport) -> None:
    """Read back what was written: passport and strength."""
    header = read_header(target)
    alpha = header.number("adapter.lora.alpha")
    if Passport.from_gguf(header) != passport or alpha != passport.alpha:
        msg = (
            f"the exported layer {passport.layer} does not say what its passport says; export again"
        )
        raise DamagedError(msg)
