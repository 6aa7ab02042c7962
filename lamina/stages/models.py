"""From layers to models: merged, converted, quantized, and put where people look for them."""

import json
from collections.abc import Sequence
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.errors import InvalidInputError, NotFoundError
from lamina.passport import BaseIdentity, identify_hf
from lamina.prompts import user
from lamina.prompts.folder import folder_prompts
from lamina.stages.corpus import combine_datasets
from lamina.stages.layers import (
    export_layers,
    passport,
    published,
    rows_of,
    trained_layers,
)
from lamina.stages.levels import best_levels
from lamina.stages.pod import Pod
from lamina.store import point
from lamina.text.rows import read_rows
from lamina.workspace import LEVELS, checked_layer_name

FTYPE = "Q4_K_M"  # what the server loads


def merge_level(
    pod: Pod, adapters: Sequence[tuple[ArtifactRef, float]], base: BaseIdentity
) -> ArtifactRef:
    """Layers, each with its weight, merged into the base's Hugging Face form."""
    from lamina.conversion.merge import merge_level as merge

    return merge(pod.workspace.base, base, adapters, store=pod.store, progress=pod.progress)


def merge_best(
    pod: Pod, base: BaseIdentity, wanted: Sequence[str]
) -> tuple[tuple[str, ...], ArtifactRef]:
    """Merge published layers (those wanted, or the best level) and point `peft/merged` there.

    A wanted layer may carry a weight: `level2`, `Leases:0.6`.

    Raises:
        InvalidInputError: a wanted layer is no name, or has no weight that could be.
        NotFoundError: no level is trained, or a wanted layer is not.

    """
    from lamina.assessment.exam.blend import parse_blend

    weights = dict(part for one in wanted for part in parse_blend(one).parts)
    if wanted and not weights:
        msg = "the base itself is no layer to merge; name layers, or none for the best level"
        raise InvalidInputError(msg)
    trained = trained_layers(pod, list(weights))
    levels = {name: ref for name, ref in trained.items() if wanted or name in LEVELS}
    papers = {name: passport(pod, ref) for name, ref in levels.items()}
    names = best_levels(papers, list(weights))
    merged = merge_level(pod, [(levels[name], weights.get(name, 1.0)) for name in names], base)
    point(pod.workspace.merged, pod.store.open(merged))
    return names, merged


def convert_base(
    pod: Pod,
    base: BaseIdentity,
    ftype: str = FTYPE,
    *,
    keep_f16: bool = False,
    importance: ArtifactRef | None = None,
) -> ArtifactRef:
    """The base as GGUF: Q4_K_M, or another of llama.cpp's types."""
    return _convert(pod, pod.workspace.base, base, ftype, keep_f16, importance)


def convert_merged(
    pod: Pod, merged: ArtifactRef, ftype: str = FTYPE, *, keep_f16: bool = False
) -> ArtifactRef:
    """A merged model as GGUF."""
    folder = pod.store.open(merged)
    held = json.loads((folder / "config.json").read_bytes())["lamina"]
    identity = identify_hf(folder, pod.workspace.digests)
    named = identity.model_copy(update={"name": held["base_name"]})
    return _convert(pod, folder, named, ftype, keep_f16, None)


def convert_published_merge(pod: Pod, ftype: str = FTYPE, *, keep_f16: bool = False) -> Path:
    """Convert what `peft/merged` points at; the path of the GGUF under `models/`."""
    if not pod.workspace.merged.exists():
        msg = f"there is no merged model at {pod.workspace.merged}; run merge_level first"
        raise NotFoundError(msg)
    merged = published("merged", pod.workspace.merged)
    held = json.loads((pod.workspace.merged / "config.json").read_bytes())["lamina"]
    names = [
        layer if weight == 1 else f"{layer}-{weight:g}"
        for layer, weight in zip(held["layers"], held["weights"], strict=True)
    ]
    gguf = convert_merged(pod, merged, ftype, keep_f16=keep_f16)
    return publish_merged(pod, names, merged, gguf)


def _convert(  # noqa: PLR0913, PLR0917 - from the two functions above
    pod: Pod,
    folder: Path,
    identity: BaseIdentity,
    ftype: str,
    keep_f16: bool,
    importance: ArtifactRef | None,
) -> ArtifactRef:
    from lamina.conversion.convert import convert_to_gguf

    return convert_to_gguf(
        folder,
        identity,
        store=pod.store,
        progress=pod.progress,
        llama_cpp_dir=pod.settings.llama_cpp_dir,
        ftype=ftype,
        keep_f16=keep_f16,
        importance=importance,
        threads=pod.settings.n_threads,
    )


def publish_base(
    pod: Pod, gguf: ArtifactRef, *, replace: bool = True, served: bool = False
) -> Path:
    """Point `MODEL_PATH` at the converted base; a file of the owner's is left as it is.

    Other types than Q4_K_M are put beside it, under their own names, unless they are what is
    `served`. Without `replace` a Q4_K_M of the same base that stands there stays: it may have been
    made with an importance matrix.
    """
    facts = pod.store.manifest(gguf).facts
    view = pod.workspace.base_gguf(pod.settings)
    held = pod.store.holding(view)
    if held and held.digest == gguf.digest:
        return view
    if facts["ftype"] != FTYPE and not served:
        view = pod.workspace.models / f"{pod.workspace.base_name()}.{facts['ftype']}.gguf"
    elif not replace and _made_here(pod, facts["digest"]):
        return view
    if view.exists() and not view.is_symlink():
        pod.progress.say(f"{view} is a file of your own: left as it is")
    else:
        point(view, pod.store.open(gguf) / "model.gguf")
    return view


def served_base(pod: Pod, base: BaseIdentity) -> ArtifactRef:
    """The base as it is served: what `MODEL_PATH` points at if made here, else as Q4_K_M."""
    return _made_here(pod, base.digest) or convert_base(pod, base)


def _made_here(pod: Pod, digest: str | None) -> ArtifactRef | None:
    """The artifact that `MODEL_PATH` points at, if it is this base in the type that is served."""
    view = pod.workspace.base_gguf(pod.settings)
    if not view.is_symlink() or view.resolve().parents[2] != pod.store.root.resolve():
        return None
    found = ArtifactRef(kind="gguf", digest=view.resolve().parent.name)
    facts = pod.store.manifest(found).facts if pod.store.holds(found) else {}
    suits = facts.get("ftype") == FTYPE or pod.workspace.base.parent == pod.workspace.bases
    return found if suits and facts.get("digest") == digest else None


def publish_merged(pod: Pod, layers: Sequence[str], merged: ArtifactRef, gguf: ArtifactRef) -> Path:
    """Point `peft/merged` and `models/<base>+<layers>.<ftype>.gguf` at a merged model."""
    name = f"{pod.workspace.base_name()}+{'+'.join(layers)}.{_ftype(pod, gguf)}.gguf"
    point(pod.workspace.merged, pod.store.open(merged))
    view = pod.workspace.models / name
    point(view, pod.store.open(gguf) / "model.gguf")
    return view


def _ftype(pod: Pod, gguf: ArtifactRef) -> str:
    return str(pod.store.manifest(gguf).facts["ftype"])


def fold_blend(pod: Pod, name: str, blend: str, rank: int | None = None) -> ArtifactRef:
    """A blend of published layers as one layer (kind `adapter`); of a given rank, or exact.

    Raises:
        InvalidInputError: no blend, a rank beyond the exact one, or a name that is taken.
        NotFoundError: a layer, or the dataset of one, is not here.

    """
    from lamina.assessment.exam.blend import parse_blend
    from lamina.conversion.fold import fold_layers

    parts = parse_blend(blend).parts
    view = pod.workspace.adapters_peft / checked_layer_name(name)
    taken = view.exists() and not passport(pod, published("adapter", view)).parents
    if taken or name in LEVELS:
        msg = f"{name} is a trained layer; choose another name for the folded one"
        raise InvalidInputError(msg)
    if not parts:
        msg = f"blend {blend!r} names no layer, so there is nothing to fold"
        raise InvalidInputError(msg)
    adapters = trained_layers(pod, [layer for layer, _ in parts])
    weighted = [(adapters[layer], scale) for layer, scale in parts]
    used = {rows_of(passport(pod, ref)) for ref in adapters.values()}
    datasets = sorted(used, key=lambda ref: ref.digest)
    whole = combine_datasets(pod, datasets) if len(datasets) > 1 else datasets[0]
    return fold_layers(name, weighted, whole, rank=rank, store=pod.store, progress=pod.progress)


def importance_of(pod: Pod, base: BaseIdentity, layer: str) -> ArtifactRef:
    """Which weights of the base matter for a published layer's text (kind `importance`)."""
    from lamina.conversion.observe import observe_importance

    (adapter,) = trained_layers(pod, [layer]).values()
    (exported,) = export_layers(pod, [adapter])
    dataset = rows_of(passport(pod, adapter))
    prompts = folder_prompts(pod.workspace.base)
    rows = read_rows(pod.store.open(dataset) / "train.jsonl")
    texts = (
        prompts.answered([user(row.question)], row.text)[0]
        if row.question
        else prompts.document(row.given + row.text)
        for row in rows
    )
    return observe_importance(
        convert_base(pod, base, "F16"),
        exported,
        dataset,
        texts,
        store=pod.store,
        progress=pod.progress,
        llama_cpp_dir=pod.settings.llama_cpp_dir,
        threads=pod.settings.n_threads,
    )
