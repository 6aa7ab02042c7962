"""A PEFT folder becomes a GGUF layer in the store, once for its content."""

from collections.abc import Callable
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.errors import InvalidInputError, NotFoundError
from lamina.fingerprint import file_digest
from lamina.gguf import Header
from lamina.gguf_writer import Scalar, write_gguf
from lamina.passport import PREFIX, Passport, identify_gguf
from lamina.passport.profile import KEY
from lamina.peft_folders.config import CONFIG, WEIGHTS, Lora, read_config
from lamina.peft_folders.modules import Pair, pairs
from lamina.peft_folders.origin import check_origin
from lamina.store import Stage, Store
from lamina.workspace import checked_layer_name

STAGE = Stage("import", 1)
KIND, FILE = "lora-gguf", "adapter.gguf"
PRESET = "imported"


def import_folder(  # noqa: PLR0913 - keyword-only past what is imported
    folder: Path,
    name: str,
    base: Header,
    *,
    store: Store,
    digest: Callable[[Path], str] = file_digest,
    same_base: bool = False,
    profile: str = "",
) -> ArtifactRef:
    """The layer as `adapter.gguf` (kind `lora-gguf`, its passport in the facts).

    A folder that Lamina trained keeps its passport, name included; another one gets a passport that
    names the base and no documents. `same_base`: do not compare what the folder says of its base.
    `profile`: of what it was trained on, where somebody knows.

    Raises:
        NotFoundError: the folder holds no layer, or none in safetensors form.
        DamagedError: a file cannot be read.
        InvalidInputError: GGUF cannot carry it exactly, or the base's family is not known.
        MismatchError: it was trained on another base.

    """
    lora = read_config(folder)
    weights = folder / WEIGHTS
    if not weights.is_file():
        msg = (
            f"folder {folder} holds no {WEIGHTS}; save the layer with safe_serialization=True "
            "(pickled weights are not read: they can run any code)"
        )
        raise NotFoundError(msg)
    identity = identify_gguf(base)
    passport = Passport.from_manifest(folder) or Passport(
        layer=checked_layer_name(name),
        base_name=identity.name,
        base_digest=identity.digest or "",
        base_fingerprint=identity.fingerprint,
        architecture=identity.architecture,
        preset=PRESET,
        rank=lora.rank,
        alpha=lora.alpha,
        documents=(),
    )

    def make(draft: Path) -> dict[str, object]:
        if not same_base and passport.preset == PRESET:
            check_origin(folder, lora.base, base)
        architecture = base.text("general.architecture") or passport.architecture
        _write(draft / FILE, architecture, pairs(weights, base), lora, passport, profile)
        return {"passport": passport.model_dump(mode="json")}

    inputs = {
        "weights": digest(weights),
        "config": digest(folder / CONFIG),
        "base": identity.fingerprint,
        "layer": passport.layer,
        **({"profile": profile} if profile else {}),
    }
    return store.once(KIND, STAGE, inputs, make)


def _write(  # noqa: PLR0913, PLR0917 - what a file is made of
    path: Path,
    architecture: str,
    found: list[Pair],
    lora: Lora,
    passport: Passport,
    profile: str,
) -> None:
    if passport.alpha != lora.alpha:
        msg = f"layer {passport.layer} and its passport name different strengths; train it again"
        raise InvalidInputError(msg)
    metadata: dict[str, Scalar] = {
        "general.architecture": architecture,
        "general.type": "adapter",
        "general.name": passport.layer,
        "adapter.type": "lora",
        "adapter.lora.alpha": lora.alpha,
        **passport.metadata(),
        **({PREFIX + KEY: profile} if profile else {}),
    }
    shapes = [
        (f"{pair.weight}.lora_{half}", entry.shape)
        for pair in found
        for half, entry in (("a", pair.a), ("b", pair.b))
    ]
    # llama.cpp multiplies with alpha / rank; what a layer says otherwise is put into its B.
    contents = (
        matrix
        for pair in found
        for matrix in pair.matrices(lora.scale(pair.module, pair.rank) / (lora.alpha / pair.rank))
    )
    write_gguf(path, metadata, shapes, contents)
