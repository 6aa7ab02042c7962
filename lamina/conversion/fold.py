"""Folds a blend into one layer: exact with the ranks' sum, or the nearest one of a given rank.

A layer adds B A to a weight. Side by side, [s1 B1, s2 B2] [A1; A2] is the whole blend's change,
exactly. A smaller rank comes from the singular values of that product, found without ever forming
it: both factors are thin, so a QR of each leaves a core of at most the ranks' sum (Eckart-Young:
no layer of that rank is nearer in the Frobenius norm). numpy only, so that any pod can do it.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamina.artifacts import ArtifactRef
from lamina.conversion.layer_files import Layer, open_layer
from lamina.errors import InvalidInputError, MismatchError
from lamina.fingerprint import canonical
from lamina.passport import Passport
from lamina.progress import Progress
from lamina.safetensors_stream import Entry, float32, read_entries, write_file
from lamina.store import Stage, Store

STAGE = Stage("fold", 1)
WEIGHTS, CONFIG, ERRORS = "adapter_model.safetensors", "adapter_config.json", "errors.json"
_A, _B = ".lora_A.", ".lora_B."
Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Factors:
    """A change of one weight: b @ a."""

    a: Matrix  # (rank, inputs)
    b: Matrix  # (outputs, rank)


def fold_layers(  # noqa: PLR0913 - keyword-only past what is folded
    name: str,
    layers: Sequence[tuple[ArtifactRef, float]],
    dataset: ArtifactRef,
    *,
    rank: int | None,
    store: Store,
    progress: Progress,
) -> ArtifactRef:
    """The blend as one PEFT layer (kind `adapter`) with a passport of its own; `dataset` is theirs.

    Facts: `passport`, `error` and `largest_error` (relative, in the Frobenius norm: of the whole
    change, and of the worst weight); `errors.json` holds every weight's.

    Raises:
        InvalidInputError: more rank than the exact fold has, or a layer that is no plain LoRA.
        MismatchError: the layers were trained on different bases.

    """
    opened = [(open_layer(ref, store), scale) for ref, scale in layers]
    exact = sum(layer.passport.rank for layer, _ in opened)
    if rank is not None and rank > exact:
        msg = f"rank {rank} is more than the {exact} of the exact fold; leave --rank out"
        raise InvalidInputError(msg)
    first = opened[0][0].passport
    for layer, _ in opened:
        if layer.passport.base_digest != first.base_digest:
            msg = (
                f"layer {layer.passport.layer} was trained on another base than {first.layer}; "
                "fold layers of one base"
            )
            raise MismatchError(msg)

    def make(folder: Path) -> dict[str, object]:
        errors, total = _write_weights(opened, rank or exact, folder, progress)
        (folder / ERRORS).write_text(canonical(errors) + "\n", encoding="utf-8")
        _write_config(opened, rank or exact, folder)
        passport = _passport(name, opened, dataset, rank or exact, total, store)
        return {
            "passport": passport.model_dump(mode="json"),
            "error": total,
            "largest_error": max(errors.values()),
        }

    inputs = {
        "name": name,
        "layers": [[ref, float(scale)] for ref, scale in layers],
        "dataset": dataset,
        "rank": rank or exact,
    }
    return store.once("adapter", STAGE, inputs, make)


def _write_weights(
    layers: Sequence[tuple[Layer, float]], rank: int, folder: Path, progress: Progress
) -> tuple[dict[str, float], float]:
    """Every weight's relative error, and that of the whole change."""
    held = [
        ({each.name: each for each in read_entries(layer.folder / WEIGHTS)}, scale, layer)
        for layer, scale in layers
    ]
    names = sorted({name for entries, _, _ in held for name in entries if _A in name})
    errors: dict[str, float] = {}
    lost = whole = 0.0
    written: list[Entry] = []
    contents: list[bytes] = []  # the new layer: as large as its parents, and no weight of the base
    progress.start("fold", len(names))
    for number, name in enumerate(names, start=1):
        parts = [
            _factors(entries, name, scale * layer.passport.alpha / layer.passport.rank)
            for entries, scale, layer in held
            if name in entries
        ]
        factors, lost_here, whole_here = fold(parts, rank)
        lost, whole = lost + lost_here, whole + whole_here
        errors[name.replace(_A, ".")] = math.sqrt(lost_here / whole_here) if whole_here else 0.0
        for key, matrix in ((name, factors.a), (name.replace(_A, _B), factors.b)):
            written.append(Entry(key, "F32", matrix.shape, folder / WEIGHTS, 0, matrix.nbytes))
            contents.append(np.ascontiguousarray(matrix, "<f4").tobytes())
        progress.advance(number)
    write_file(folder / WEIGHTS, written, contents)
    return errors, math.sqrt(lost / whole) if whole else 0.0


def fold(parts: Sequence[Factors], rank: int) -> tuple[Factors, float, float]:
    """The sum of the parts with that rank; squared Frobenius norms of what is lost and of all.

    Rank that the parts do not fill is filled with zeros, since a layer has one rank throughout.
    """
    a = np.concatenate([part.a for part in parts])
    b = np.concatenate([part.b for part in parts], axis=1)
    q_b, r_b = np.linalg.qr(b.astype(np.float64))
    q_a, r_a = np.linalg.qr(a.T.astype(np.float64))
    left, values, right = np.linalg.svd(r_b @ r_a.T)
    squares = values**2
    lost = 0.0
    if rank < len(a):
        root = np.sqrt(values[:rank])
        b = ((q_b @ left[:, : len(root)]) * root).astype(np.float32)
        a = ((q_a @ right.T[:, : len(root)]) * root).T.astype(np.float32)
        lost = float(squares[rank:].sum())
    a = np.pad(a, ((0, rank - len(a)), (0, 0)))
    b = np.pad(b, ((0, 0), (0, rank - b.shape[1])))
    return Factors(a, b), lost, float(squares.sum())


def _factors(entries: Mapping[str, Entry], name: str, strength: float) -> Factors:
    a, b = (float32(entries[key]) for key in (name, name.replace(_A, _B)))
    return Factors(a, np.float32(strength) * b)


def _write_config(layers: Sequence[tuple[Layer, float]], rank: int, folder: Path) -> None:
    configs: list[dict[str, Any]] = [
        json.loads((layer.folder / CONFIG).read_bytes()) for layer, _ in layers
    ]
    targets = sorted({target for config in configs for target in config["target_modules"]})
    config = configs[0] | {"r": rank, "lora_alpha": rank, "target_modules": targets}
    text = json.dumps(config, indent=2, sort_keys=True)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")


def _passport(  # noqa: PLR0913, PLR0917 - from fold_layers
    name: str,
    layers: Sequence[tuple[Layer, float]],
    dataset: ArtifactRef,
    rank: int,
    error: float,
    store: Store,
) -> Passport:
    first = layers[0][0].passport
    return Passport(
        layer=name,
        base_name=first.base_name,
        base_digest=first.base_digest,
        base_fingerprint=first.base_fingerprint,
        architecture=first.architecture,
        base_quantized_from=first.base_quantized_from,
        preset="fold",
        rank=rank,
        alpha=rank,  # its strength is 1: the parents' strengths are in the weights
        dataset=dataset.digest,
        documents=tuple(store.manifest(dataset).facts.get("documents", ())),
        parents=tuple(
            f"{layer.passport.layer}:{scale:g}@{layer.ref.digest}" for layer, scale in layers
        ),
        fold_error=error,
    )
