"""From layers to models: merged, converted, quantized, and put where people look for them."""

import json
from collections.abc import Sequence
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.errors import NotFoundError
from lamina.passport import BaseIdentity, identify_hf
from lamina.stages.layers import best_levels, passport, published, trained_layers
from lamina.stages.pod import Pod
from lamina.store import point
from lamina.workspace import LEVELS


def merge_level(
    pod: Pod, adapters: Sequence[tuple[ArtifactRef, float]], base: BaseIdentity
) -> ArtifactRef:
    """Layers, each with its weight, merged into the base's Hugging Face form."""
    from lamina.conversion.merge import merge_level as merge

    return merge(pod.workspace.base, base, adapters, store=pod.store, progress=pod.progress)


def merge_best(
    pod: Pod, base: BaseIdentity, wanted: Sequence[str]
) -> tuple[tuple[str, ...], ArtifactRef]:
    """Merge published levels (those wanted, or the best one) and point `peft/merged` at the result.

    Raises:
        NotFoundError: no level is trained, or a wanted one is not.

    """
    trained = trained_layers(pod, wanted)
    levels = {name: ref for name, ref in trained.items() if wanted or name in LEVELS}
    names = best_levels({name: passport(pod, ref) for name, ref in levels.items()}, wanted)
    merged = merge_level(pod, [(levels[name], 1.0) for name in names], base)
    point(pod.workspace.merged, pod.store.open(merged))
    return names, merged


def convert_base(pod: Pod, base: BaseIdentity) -> ArtifactRef:
    """The base as Q4_K_M GGUF."""
    return _convert(pod, pod.workspace.base, base)


def convert_merged(pod: Pod, merged: ArtifactRef) -> ArtifactRef:
    """A merged model as Q4_K_M GGUF."""
    folder = pod.store.open(merged)
    held = json.loads((folder / "config.json").read_bytes())["lamina"]
    identity = identify_hf(folder, pod.workspace.digests)
    return _convert(pod, folder, identity.model_copy(update={"name": held["base_name"]}))


def convert_published_merge(pod: Pod) -> Path:
    """Convert what `peft/merged` points at; the path of the GGUF under `models/`."""
    if not pod.workspace.merged.exists():
        msg = f"there is no merged model at {pod.workspace.merged}; run merge_level first"
        raise NotFoundError(msg)
    merged = published("merged", pod.workspace.merged)
    names = json.loads((pod.workspace.merged / "config.json").read_bytes())["lamina"]["layers"]
    return publish_merged(pod, names, merged, convert_merged(pod, merged))


def _convert(pod: Pod, folder: Path, identity: BaseIdentity) -> ArtifactRef:
    from lamina.conversion.convert import convert_to_gguf

    return convert_to_gguf(
        folder,
        identity,
        store=pod.store,
        progress=pod.progress,
        llama_cpp_dir=pod.settings.llama_cpp_dir,
    )


def publish_base(pod: Pod, gguf: ArtifactRef) -> Path:
    """Point `MODEL_PATH` at the converted base; a file of the owner's is left as it is."""
    view = pod.workspace.base_gguf(pod.settings)
    if view.exists() and not view.is_symlink():
        pod.progress.say(f"{view} is a file of your own: left as it is")
    else:
        point(view, pod.store.open(gguf) / "model.gguf")
    return view


def publish_merged(pod: Pod, layers: Sequence[str], merged: ArtifactRef, gguf: ArtifactRef) -> Path:
    """Point `peft/merged` and `models/<base>+<layers>.Q4_K_M.gguf` at a merged model."""
    name = f"{pod.workspace.base_name()}+{'+'.join(layers)}.Q4_K_M.gguf"
    point(pod.workspace.merged, pod.store.open(merged))
    view = pod.workspace.models / name
    point(view, pod.store.open(gguf) / "model.gguf")
    return view
