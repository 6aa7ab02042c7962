"""Every stage as a plain function of a pod: what the command line calls and the tasks wrap.

A pod is the place where stages run. Each function names what it needs (references, identities)
and gives a reference; files that people look at are put in place by the `publish_*` functions, so
that a cached stage still leaves its view.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.corpus.archive import ArchiveReport
from lamina.corpus.documents import Document
from lamina.errors import InvalidInputError, NotFoundError
from lamina.orders import AskLayers
from lamina.passport import BaseIdentity, Passport, identify_hf
from lamina.progress import Progress
from lamina.settings import Settings
from lamina.store import Store, point, write_atomically
from lamina.training.plan import Profile
from lamina.verdicts import Verdicts, read_verdicts
from lamina.workspace import LEVELS, Workspace, checked_layer_name


@dataclass(frozen=True)
class Pod:
    """Settings, workspace and where progress is told."""

    settings: Settings
    workspace: Workspace
    progress: Progress

    @property
    def store(self) -> Store:
        """The workspace's store."""
        return self.workspace.store


# -- from PDFs to datasets --------------------------------------------------------------------


def find_base(pod: Pod) -> BaseIdentity:
    """Identity of the base in Hugging Face form; raises NotFoundError where it is incomplete."""
    identity = identify_hf(pod.workspace.base, pod.workspace.digests)
    pod.workspace.digests.save()
    return identity.model_copy(update={"name": pod.workspace.base_name()})


def find_documents(pod: Pod) -> tuple[Document, ...]:
    """Every document of the corpus; raises NotFoundError where there is none."""
    from lamina.corpus.documents import find_documents as find

    return find(pod.workspace)


def pdf_pretest(pod: Pod, documents: Sequence[Document]) -> ArtifactRef:
    """A verdict for every document."""
    from lamina.corpus.pretest import pdf_pretest as judge

    return judge(documents, store=pod.store, progress=pod.progress)


def publish_verdicts(pod: Pod, documents: Sequence[Document], verdicts: ArtifactRef) -> Path:
    """Write `data/processed/pdf_pretest.json`."""
    from lamina.corpus.view import write_pretest_view

    return write_pretest_view(pod.workspace, documents, read_verdicts(pod.store, verdicts))


def chosen_layers(verdicts: Verdicts, wanted: Sequence[str]) -> tuple[str, ...]:
    """The wanted layers, or all that have text to learn.

    Raises:
        InvalidInputError: a name that cannot be a layer's.
        NotFoundError: a layer that no document feeds, or no usable document at all.

    """
    usable = verdicts.layers()
    if not wanted and not usable:
        reasons = ", ".join(sorted({code for one in verdicts.verdicts for code in one.reasons}))
        msg = f"none of the documents can be used ({reasons}); `lamina pdf_pretest` tells of each"
        raise NotFoundError(msg)
    for name in map(checked_layer_name, wanted):
        if name not in usable:
            msg = (
                f"layer {name} has no usable document; put PDFs into raw_pdfs/{name}, "
                f"or choose among: {', '.join(usable) or 'none so far'}"
            )
            raise NotFoundError(msg)
    return tuple(dict.fromkeys(wanted)) or usable


def build_dataset(
    pod: Pod, verdicts: ArtifactRef, layer: str, base: BaseIdentity, chunk_tokens: int
) -> ArtifactRef:
    """The layer's rows, counted in tokens of the base."""
    from lamina.dataset.build import build_dataset as build
    from lamina.dataset.settings import DatasetSettings

    del base  # its tokenizer is read from the pod's own copy, and keyed by content there
    return build(
        verdicts,
        layer,
        store=pod.store,
        progress=pod.progress,
        tokenizer_file=pod.workspace.base / "tokenizer.json",
        settings=DatasetSettings(chunk_tokens=chunk_tokens),
    )


def combine_datasets(pod: Pod, datasets: Sequence[ArtifactRef]) -> ArtifactRef:
    """The whole corpus as one dataset."""
    from lamina.dataset.build import combine_datasets as combine

    return combine(datasets, store=pod.store)


def publish_datasets(pod: Pod, datasets: Sequence[ArtifactRef]) -> None:
    """Write `data/processed/train.jsonl` and `heldout.jsonl`: the rows of all these layers."""
    for name in ("train.jsonl", "heldout.jsonl"):
        parts = [(pod.store.open(ref) / name).read_bytes() for ref in datasets]
        write_atomically(pod.workspace.processed / name, b"".join(parts))


# -- from datasets to layers ------------------------------------------------------------------


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
    return {name: _ref("adapter", views[name]) for name in wanted or views}


def _ref(kind: str, view: Path) -> ArtifactRef:
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


# -- from layers to models --------------------------------------------------------------------


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


def convert_published_merge(pod: Pod) -> Path:
    """Convert what `peft/merged` points at; the path of the GGUF under `models/`."""
    if not pod.workspace.merged.exists():
        msg = f"there is no merged model at {pod.workspace.merged}; run merge_level first"
        raise NotFoundError(msg)
    merged = _ref("merged", pod.workspace.merged)
    names = json.loads((pod.workspace.merged / "config.json").read_bytes())["lamina"]["layers"]
    return publish_merged(pod, names, merged, convert_merged(pod, merged))


def convert_base(pod: Pod, base: BaseIdentity) -> ArtifactRef:
    """The base as Q4_K_M GGUF."""
    return _convert(pod, pod.workspace.base, base)


def convert_merged(pod: Pod, merged: ArtifactRef) -> ArtifactRef:
    """A merged model as Q4_K_M GGUF."""
    folder = pod.store.open(merged)
    held = json.loads((folder / "config.json").read_bytes())["lamina"]
    identity = identify_hf(folder, pod.workspace.digests)
    return _convert(pod, folder, identity.model_copy(update={"name": held["base_name"]}))


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


def archive_pdfs(
    pod: Pod, documents: Sequence[Document], datasets: Sequence[ArtifactRef]
) -> ArchiveReport:
    """Move the documents that these datasets were built from into the archive."""
    from lamina.corpus.archive import archive_pdfs as archive

    used = {digest for ref in datasets for digest in pod.store.manifest(ref).facts["documents"]}
    return archive(documents, used, pod.workspace)


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


def verdict_table(
    pod: Pod, documents: Sequence[Document], verdicts: ArtifactRef
) -> list[dict[str, Any]]:
    """What became of each file, a row a file, in the columns that people read first."""
    from lamina.corpus.view import pretest_table

    columns = ("layer", "file", "recommended", "score", "pages", "characters", "sentence")
    rows = pretest_table(documents, read_verdicts(pod.store, verdicts))
    return [{name: row[name] for name in columns} for row in rows]


# -- from layers to what they are worth -------------------------------------------------------


@contextmanager
def layer_server(pod: Pod, url: str | None) -> Iterator[str]:
    """Address of a layer server: the one named, the pod's own, or one started for the time."""
    from lamina.serving.launch import answers, running_server

    own = url or pod.settings.server_url or f"http://{pod.settings.host}:{pod.settings.port}"
    if url or pod.settings.server_url or answers(own):
        yield own
        return
    model = pod.workspace.base_gguf(pod.settings)
    if not model.exists():
        msg = f"no server answers at {own} and there is no base at {model}; run convert_to_gguf"
        raise NotFoundError(msg)
    pod.progress.say(f"no server answers at {own}: starting one on {model.name} for this run")
    with running_server(
        model,
        adapters=pod.workspace.adapters_gguf,
        allowed_roots=(pod.store.root,),
        n_ctx=pod.settings.n_ctx,
        n_threads=pod.settings.n_threads,
    ) as address:
        yield address


def qa_layers(pod: Pod, order: AskLayers) -> ArtifactRef:
    """Every layer and blend, asked over HTTP, graded and judged."""
    from lamina.assessment.ask import Sampling
    from lamina.assessment.assess import QaOrder
    from lamina.assessment.assess import qa_layers as ask

    heldout = pod.workspace.processed / "heldout.jsonl"
    key = pod.settings.api_key
    with layer_server(pod, order.server_url) as url:
        return ask(
            QaOrder(
                server_url=url,
                prompts=pod.workspace.prompts,
                heldout=(heldout,) if heldout.is_file() else (),
                adapters=pod.workspace.adapters_gguf,
                layers=tuple(order.layers),
                blends=tuple(order.blends),
                sampling=Sampling(max_tokens=order.max_tokens, seed=pod.settings.seed),
            ),
            store=pod.store,
            progress=pod.progress,
            api_key=key.get_secret_value() if key else None,
        )


def publish_report(pod: Pod, report: ArtifactRef) -> Path:
    """Put records, summary and page under `qa/`; the page's path."""
    from lamina.assessment.assess import publish

    return publish(report, store=pod.store, folder=pod.workspace.qa)


def report_markdown(pod: Pod, report: ArtifactRef, page: Path) -> str:
    """The verdicts as Markdown, for Prefect's UI; the page itself stays in the store."""
    from lamina.assessment.report import read_summary

    summary = read_summary(pod.store.open(report))
    lines = [summary.headline.sentence, "", *(f"- {one.sentence}" for one in summary.worths)]
    return "\n".join([*lines, "", f"Report: `{page}`"])
