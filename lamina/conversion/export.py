"""PEFT layers to GGUF, each with its passport inside."""

from collections.abc import Sequence
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.conversion.converter import Converter
from lamina.conversion.jobs import Script
from lamina.conversion.layer_files import Layer, open_layer
from lamina.errors import DamagedError
from lamina.gguf import read_header
from lamina.passport import Passport
from lamina.progress import Progress
from lamina.store import Stage, Store

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
    that the store does not hold yet.

    Raises:
        InvalidInputError: a layer is no plain LoRA.
        DamagedError: a layer cannot be converted, or its papers contradict each other.

    """
    progress.start("export layers", len(adapters))
    exported = []
    log = store.root / "logs" / "export_layers.log"
    with Converter(llama_cpp_dir, log) as converter:
        for number, adapter in enumerate(adapters, start=1):
            layer = open_layer(adapter, store)
            exported.append(_export(layer, base_folder, store, converter))
            progress.advance(number, layer.passport.layer)
    return exported


def _export(layer: Layer, base_folder: Path, store: Store, converter: Converter) -> ArtifactRef:
    trained = store.manifest(layer.ref).run
    notes = {"training_cost": trained.get("cost"), "training_s": trained.get("fit_seconds")}

    def make(folder: Path) -> dict[str, object]:
        target = folder / FILE
        converter.run(script(layer, base_folder, target))
        _check(target, layer.passport)
        return {"passport": layer.passport.model_dump(mode="json")}

    return store.once("lora-gguf", STAGE, {"adapter": layer.ref}, make, run_notes=notes)


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
