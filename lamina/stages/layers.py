"""From datasets to layers: trained, exported, published under their names."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamina.artifacts import ArtifactRef, Manifest
from lamina.corpus.archive import ArchiveReport
from lamina.corpus.documents import Document
from lamina.errors import InvalidInputError, LaminaError, NotFoundError
from lamina.passport import BaseIdentity, Passport
from lamina.stages.corpus import archive_pdfs
from lamina.stages.pod import Pod
from lamina.stages.views import serve_made
from lamina.store import point
from lamina.training.mix import NOTHING_BESIDE, Mix
from lamina.training.profiles import Profile
from lamina.workspace import LEVELS, checked_layer_name

if TYPE_CHECKING:
    from lamina.training.order import LayerOrder
    from lamina.training.workers import Workers


def train_layer(  # noqa: PLR0913, PLR0917 - what a layer is made of
    pod: Pod,
    layer: str,
    dataset: ArtifactRef,
    base: BaseIdentity,
    profile: Profile,
    mix: Mix = NOTHING_BESIDE,
) -> ArtifactRef:
    """One layer, as a PEFT folder; its mix goes in as far as the profile says."""
    from lamina.training.base import check_device
    from lamina.training.recipe import STAGE
    from lamina.training.recipe import train_layer as train
    from lamina.training.worker import Job
    from lamina.training.workers import gpus

    order = order_of(pod, layer, dataset, base, profile, mix)
    if known := pod.store.recall(STAGE, order.inputs()):
        return known
    chosen = pod.settings
    if not chosen.train_on_cpu and not gpus():
        check_device(pod.workspace.base)
    workers = training_workers(pod)
    if workers is None:
        return train(
            order,
            store=pod.store,
            progress=pod.progress,
            threads=chosen.n_threads,
            price_per_hour=chosen.price_per_hour,
        )
    job = Job(
        order=order,
        store=pod.store.root,
        threads=max(1, chosen.n_threads // workers.number),
        price_per_hour=chosen.price_per_hour,
    )
    return workers.train(job, pod.progress)


def training_workers(pod: Pod) -> "Workers | None":
    """The processes that train layers side by side on this pod; None where this one does it."""
    from lamina.training.workers import devices, gpus, shared

    settings = pod.settings
    chosen = devices(settings.train_workers, gpus())
    return shared(tuple(chosen)) if chosen else None


def at_once(pod: Pod) -> int:
    """How many layers are brought up to date side by side on this pod.

    One for each process that trains; one more where a GPU does it, so that a ladder is climbed
    beside the next layer's training: the processor has little else to do there.
    """
    from lamina.training.workers import gpus

    workers = training_workers(pod)
    return (workers.number if workers else 1) + bool(gpus())


def order_of(  # noqa: PLR0913, PLR0917 - what a layer is made of
    pod: Pod,
    layer: str,
    dataset: ArtifactRef,
    base: BaseIdentity,
    profile: Profile,
    mix: Mix = NOTHING_BESIDE,
) -> "LayerOrder":
    """The order that trains this layer on this pod; the general layer itself gets no more rows."""
    from lamina.training.order import LayerOrder

    if mix.general == dataset:
        profile = profile.model_copy(update={"general_share": 0.0})
    return LayerOrder(
        layer=checked_layer_name(layer),
        dataset=dataset,
        base_folder=pod.workspace.base,
        base=base,
        profile=profile,
        seed=pod.settings.seed,
        mix=mix.wanted(profile),
    )


def check_general(layers: Collection[str], general: str) -> None:
    """Raise NotFoundError where the layer whose rows are to be mixed in has none."""
    if general not in layers:
        msg = (
            f"there is no layer {general} whose rows could be mixed in; put general PDFs directly "
            "into raw_pdfs (or into a folder of that name), or set general_share to 0"
        )
        raise NotFoundError(msg)


def end_training() -> None:
    """Give back the memory of the loaded base, and end the processes that train and export."""
    from lamina.conversion.export import end_exporting
    from lamina.training.base import release
    from lamina.training.workers import stop_all

    release()
    stop_all()
    end_exporting()


def loss_facts(pod: Pod, adapter: ArtifactRef) -> list[dict[str, Any]]:
    """How a layer's training went, as one row for a person."""
    manifest = pod.store.manifest(adapter)
    facts, run = manifest.facts, manifest.run
    return [
        {
            "held-out loss before": facts["passport"]["heldout_loss_base"],
            "after": facts["passport"]["heldout_loss"],
            "kept step": f"{facts['kept_step']} of {facts['plan']['steps']}",
            "tokens/s": run.get("tokens_per_s"),
            "seconds": run.get("fit_seconds"),
            "cost": run.get("cost"),
        }
    ]


def check_failures(failures: Mapping[str, str], done: Collection[str]) -> None:
    """Raise LaminaError naming the layers that failed, each with its reason."""
    if failures:
        told = "; ".join(f"{name} ({reason.rstrip('.')})" for name, reason in failures.items())
        rest = f", {len(done) or 'none'} published"
        msg = f"{len(failures)} of {len(failures) + len(done)} layers failed{rest}: {told}"
        raise LaminaError(msg)


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
    """Point `output/peft/<layer>` and `output/adapters_gguf/<layer>.gguf` at these versions.

    The second stays as it is where the version was held or taken back before.
    """
    for (layer, adapter), file in zip(adapters.items(), files, strict=True):
        publish_adapter(pod, layer, adapter)
        serve_made(pod, layer, file)


def publish_adapter(pod: Pod, layer: str, adapter: ArtifactRef) -> None:
    """Point `output/peft/<layer>` (and `peft/<level>`) at this version."""
    view = pod.workspace.adapters_peft / layer
    if view.exists() and not view.is_symlink():
        pod.progress.say(f"{view} is a folder of your own: left as it is")
        return
    point(view, pod.store.open(adapter))
    if layer in LEVELS:
        point(pod.workspace.peft / layer, pod.store.open(adapter))


def trained_layers(pod: Pod, wanted: Sequence[str]) -> dict[str, ArtifactRef]:
    """The published layers by name, as references; folders from elsewhere are none of them.

    Raises:
        NotFoundError: a wanted layer is not published, or none is.

    """
    home, views = pod.workspace.adapters_peft, pod.workspace.trained()
    for name in wanted or [""] * (not views):
        if name not in views:
            what = f"layer {name} is not trained" if name else "no layer is trained"
            remedy = "run train_layers first"
            if name and (home / name).is_dir():
                what, remedy = f"{name} was trained elsewhere, and lies", "see import_layer"
            msg = f"{what} in {home}; {remedy}"
            raise NotFoundError(msg)
    return {name: published("adapter", views[name]) for name in wanted or views}


def published_manifest(pod: Pod, layer: str) -> Manifest | None:
    """How the published version of a layer was made; None where there is none, whole."""
    view = pod.workspace.adapters_peft / layer
    try:
        return pod.store.manifest(published("adapter", view))
    except LaminaError:
        return None


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


def rows_of(papers: Passport) -> ArtifactRef:
    """What a layer was trained on; NotFoundError for one whose rows nobody knows."""
    if papers.dataset is None:
        msg = f"layer {papers.layer} was imported, so its rows are not known; name a trained layer"
        raise NotFoundError(msg)
    return ArtifactRef(kind="dataset", digest=papers.dataset)


def archive_published(pod: Pod, documents: Sequence[Document]) -> ArchiveReport:
    """Move the documents that published layers were trained on into the archive."""
    adapters = trained_layers(pod, [])
    return archive_pdfs(
        pod,
        documents,
        [rows_of(passport(pod, ref)) for ref in adapters.values()],
    )
