"""Merges layers into a base, tensor by tensor: W + sum of w_i (alpha_i / rank_i) B_i A_i.

Computed in float32, written in the base's own dtype, so each weight is rounded once. Memory holds
a weight or two, whatever the model's size. The base is only read; the result is a model of its
own, whose config says which base and layers it holds, so that nothing takes it for a plain base.
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lamina.artifacts import ArtifactRef
from lamina.conversion.layer_files import Layer, check_base, open_layer
from lamina.disk import check_disk
from lamina.errors import InvalidInputError, MismatchError
from lamina.passport import BaseIdentity, weight_files, weights_size
from lamina.progress import Progress
from lamina.safetensors_stream import (
    INDEX,
    SHARD_BYTES,
    Entry,
    blocks,
    float32,
    read_bytes,
    read_entries,
    write_model,
)
from lamina.store import Stage, Store

if TYPE_CHECKING:
    import torch

STAGE = Stage("merge", 1)
COPIED = ("*.json", "*.jinja", "tokenizer.model")
NOT_COPIED = ("config.json", INDEX, "manifest.json")


@dataclass(frozen=True, slots=True)
class Update:
    """One layer's change of one weight: factor * b @ a."""

    a: Entry  # (rank, inputs)
    b: Entry  # (outputs, rank)
    factor: float


def merge_level(  # noqa: PLR0913 - keyword-only past what is merged
    base_folder: Path,
    base: BaseIdentity,
    adapters: Sequence[tuple[ArtifactRef, float]],
    *,
    store: Store,
    progress: Progress,
    shard_bytes: int = SHARD_BYTES,
) -> ArtifactRef:
    """The merged model in Hugging Face form (kind `merged`); each layer comes with its weight.

    Facts: `base_digest`, `base_name`, `layers`, `weights`, as under `lamina` in its config.json.

    Raises:
        MismatchError: a layer was trained on another base, or the base already contains layers.
        InvalidInputError: no layers, or a layer that is no plain LoRA.
        ResourceError: too little disk space.

    """
    if not adapters:
        msg = "no layer to merge; name at least one"
        raise InvalidInputError(msg)
    chosen = sorted(adapters, key=lambda pair: pair[0].digest)  # their order does not matter
    layers = [(open_layer(ref, store), weight) for ref, weight in chosen]
    for layer, _ in layers:
        check_base(layer, base)

    def make(folder: Path) -> dict[str, object]:
        check_disk("merging", store.root, 1.05 * weights_size(base_folder))
        return write_merged(base_folder, base, layers, folder, progress, shard_bytes)

    inputs = {
        "base": base.digest,
        "adapters": [[ref, float(weight)] for ref, weight in chosen],
        "shard_bytes": shard_bytes,
    }
    return store.once("merged", STAGE, inputs, make)


def write_merged(  # noqa: PLR0913, PLR0917 - from merge_level, and from the parity ladder
    base_folder: Path,
    base: BaseIdentity,
    layers: Sequence[tuple[Layer, float]],
    folder: Path,
    progress: Progress,
    shard_bytes: int = SHARD_BYTES,
) -> dict[str, object]:
    """Write the merged model into a folder; what it holds."""
    held = _held(base, layers)
    _copy_files(base_folder, folder, held)
    _write_weights(base_folder, folder, _updates(layers), shard_bytes, progress)
    return held


def _held(base: BaseIdentity, layers: Sequence[tuple[Layer, float]]) -> dict[str, object]:
    return {
        "base_name": base.name,
        "base_digest": base.digest,
        "layers": [layer.passport.layer for layer, _ in layers],
        "weights": [float(weight) for _, weight in layers],
    }


def _copy_files(base_folder: Path, folder: Path, held: Mapping[str, object]) -> None:
    for path in sorted(path for kind in COPIED for path in base_folder.glob(kind)):
        if path.name not in NOT_COPIED:
            shutil.copyfile(path, folder / path.name)
    config = json.loads((base_folder / "config.json").read_bytes())
    text = json.dumps({**config, "lamina": held}, indent=2, sort_keys=True)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")


def _updates(layers: Sequence[tuple[Layer, float]]) -> dict[str, list[Update]]:
    """What is added to which weight of the base."""
    updates: dict[str, list[Update]] = {}
    for layer, weight in layers:
        factor = weight * layer.passport.alpha / layer.passport.rank
        entries = {
            each.name: each for each in read_entries(layer.folder / "adapter_model.safetensors")
        }
        for name, a in entries.items():
            if ".lora_A." not in name:
                continue
            target = name.removeprefix("base_model.model.").replace(".lora_A.", ".")
            b = entries[name.replace(".lora_A.", ".lora_B.")]
            updates.setdefault(target, []).append(Update(a, b, factor))
    return updates


def _write_weights(
    base_folder: Path,
    folder: Path,
    updates: Mapping[str, Sequence[Update]],
    shard_bytes: int,
    progress: Progress,
) -> None:
    entries = [entry for file in weight_files(base_folder) for entry in read_entries(file)]
    if missing := sorted(updates.keys() - {entry.name for entry in entries}):
        msg = f"the base has no weight {missing[0]} that a layer changes; train the layer on it"
        raise MismatchError(msg)
    progress.start("merge tensors", len(entries))
    done = 0

    def contents(part: Sequence[Entry]) -> Iterator[bytes | memoryview]:
        nonlocal done
        for entry in part:
            if entry.name in updates:
                yield _merged(entry, updates[entry.name])
            else:
                yield from blocks(entry)
            done += 1
            progress.advance(done, entry.name)

    write_model(folder, entries, contents, shard_bytes)


def _merged(entry: Entry, updates: Sequence[Update]) -> memoryview:
    """The changed weight's raw bytes, row by row: (outputs, inputs)."""
    import torch

    buffer = read_bytes(entry)  # the result is written into it, too
    stored = torch.frombuffer(buffer, dtype=_dtype(entry)).view(entry.shape)
    weight = stored.float()
    for update in updates:
        a, b = torch.from_numpy(float32(update.a)), torch.from_numpy(float32(update.b))
        if (b.shape[0], a.shape[1]) != entry.shape:
            msg = f"a layer's change of {entry.name} has another shape; train it on this base"
            raise MismatchError(msg)
        weight.addmm_(b, a, alpha=update.factor)
    stored.copy_(weight)
    return memoryview(buffer)


def _dtype(entry: Entry) -> "torch.dtype":
    import torch

    known = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    if entry.dtype not in known:
        msg = f"{entry.name} is stored as {entry.dtype}; merging needs F32, F16 or BF16 weights"
        raise InvalidInputError(msg)
    return known[entry.dtype]
