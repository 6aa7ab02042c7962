"""Layers that were trained elsewhere become versions like those that were trained here."""

from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.errors import InvalidInputError, NotFoundError
from lamina.gguf import read_header
from lamina.peft_folders import FILE, import_folder
from lamina.serving.layers.adapter_file import check_adapter, read_base
from lamina.stages.pod import Pod
from lamina.stages.versions import promote


def import_layer(
    pod: Pod, folder: Path, name: str | None = None, *, same_base: bool = False
) -> tuple[str, ArtifactRef]:
    """Let a PEFT folder's layer serve; its name, and the version. The folder stays as it is.

    Raises:
        NotFoundError: the folder is no layer, or there is no base here to compare it with.
        MismatchError: it was trained on another base.
        InvalidInputError: GGUF cannot carry it exactly, or its passport has another name.
        DamagedError: a file cannot be read, or the layer has no effect.

    """
    model = pod.workspace.base_gguf(pod.settings)
    if not model.exists():
        msg = f"there is no base at {model} to compare {folder} with; run convert_to_gguf or pull"
        raise NotFoundError(msg)
    ref = import_folder(
        folder,
        name or folder.absolute().name,
        read_header(model),
        store=pod.store,
        digest=pod.workspace.digests,
        same_base=same_base,
    )
    layer = str(pod.store.manifest(ref).facts["passport"]["layer"])
    if name not in {None, layer}:
        msg = f"the passport in {folder} says that the layer is {layer}; leave --name out"
        raise InvalidInputError(msg)
    check_adapter(pod.store.open(ref) / FILE, read_base(model), layer)
    promote(pod, layer, ref, f"imported from {folder}")
    return layer, ref
