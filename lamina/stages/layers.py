"""From datasets to layers: trained, exported, published under their names."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.corpus.archive import ArchiveReport
from lamina.corpus.documents import Document
from lamina.errors import InvalidInputError, NotFoundError
from lamina.passport import BaseIdentity, Passport
from lamina.stages.corpus import archive_pdfs
from lamina.stages.pod import Pod
from lamina.store import point
from lamina.training.plan import Profile
from lamina.workspace import LEVELS, checked_layer_name


def train_layer(
    pod: Pod, layer: str, dataset: ArtifactRef, base: BaseIdentity, profile: Profile
) -> ArtifactRef:
    """One layer, as a PEFT folder."""
    from lamina.training.order import LayerOrder
    from lamina.training.recipe import train_layer as train

    order = LayerOrder(
        layer=checked_layer_name(layer),
        dataset=dataset,
        base_folder=pod.workspace.base,
        base=base,
        profile=profile,
        seed=pod.settings.seed,
    )
    return train(order, store=pod.store, progress=pod.progress, threads=pod.settings.n_threads)


def export_layers(pod: Pod, adapters: Sequence[ArtifactRef]) -> list[ArtifactRef]:
    """The layers as GGUF files, passport inside, in the order given."""
    from lamina.conversion.export import export_layers as export

    return export(
        adapters,
        pod.workspace.base,
        store=pod.store,
        progress=pod.progress,
        llama_cpp_dir=pod.settings.llama_cpp_dir,
    )


def publish_layers(
    pod: Pod, adapters: Mapping[str, ArtifactRef], files: Sequence[ArtifactRef]
) -> None:
    """Point `output/peft/<layer>` and `output/adapters_gguf/<layer>.gguf` at these versions."""
    for (layer, adapter), file in zip(adapters.items(), files, strict=True):
        exported = pod.store.open(file) / "adapter.gguf"
        publish_adapter(pod, layer, adapter)
        point(pod.workspace.adapters_gguf / f"{layer}.gguf", exported)


def publish_adapter(pod: Pod, layer: str, adapter: ArtifactRef) -> None:
    """Point `output/peft/<layer>` (and `peft/<level>`) at this version."""
    point(pod.workspace.adapters_peft / layer, pod.store.open(adapter))
    if layer in LEVELS:
        point(pod.workspace.peft / layer, pod.store.open(adapter))


def trained_layers(pod: Pod, wanted: Sequence[str]) -> dict[str, ArtifactRef]:
    """The published layers by name, as references.

    Raises:
        NotFoundError: a wanted layer is not published, or none is.

    """
    views = {path.name: path for path in sorted(pod.workspace.adapters_peft.glob("*"))}
    for name in wanted or [""] * (not views):
        if name not in views:
            what = f"layer {name} is not trained" if name else "no layer is trained"
            msg = f"{what} in {pod.workspace.adapters_peft}; run train_layers first"
            raise NotFoundError(msg)
    return {name: published("adapter", views[name]) for name in wanted or views}


def published(kind: str, view: Path) -> ArtifactRef:
    """The artifact that a view points at."""
    folder = view.resolve()
    if not view.is_symlink() or folder.parent.name != kind:
        msg = f"{view} is no link to an artifact of kind {kind}; run the stage that makes it"
        raise InvalidInputError(msg)
    return ArtifactRef(kind=kind, digest=folder.name)


def passport(pod: Pod, adapter: ArtifactRef) -> Passport:
    """A trained layer's passport."""
    return Passport.model_validate(pod.store.manifest(adapter).facts["passport"])


def best_levels(passports: Mapping[str, Passport], wanted: Sequence[str]) -> tuple[str, ...]:
    """The levels to merge: those wanted, or the one with the lowest held-out loss.

    Raises:
        NotFoundError: a wanted level was not trained.
        InvalidInputError: none is wanted and none was measured.

    """
    for name in wanted:
        if name not in passports:
            msg = f"{name} was not trained; choose among {', '.join(passports) or 'none so far'}"
            raise NotFoundError(msg)
    if wanted:
        return tuple(dict.fromkeys(wanted))
    losses = {
        name: one.heldout_loss for name, one in passports.items() if one.heldout_loss is not None
    }
    if not losses:
        msg = "no level has a held-out loss to choose by; name the one to merge"
        raise InvalidInputError(msg)
    return (min(losses, key=lambda name: losses[name]),)


def archive_published(pod: Pod, documents: Sequence[Document]) -> ArchiveReport:
    """Move the documents that published layers were trained on into the archive."""
    adapters = trained_layers(pod, [])
    return archive_pdfs(
        pod,
        documents,
        [
            ArtifactRef(kind="dataset", digest=passport(pod, ref).dataset)
            for ref in adapters.values()
        ],
    )
