"""From PDFs to datasets, and the PDFs into the archive."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.corpus.archive import ArchiveReport
from lamina.corpus.documents import Document
from lamina.corpus.isolation import ReadingLimits
from lamina.corpus.verdict import VerdictSettings
from lamina.errors import NotFoundError
from lamina.orders import Reading
from lamina.passport import BaseIdentity, identify_hf, weight_files
from lamina.stages.pod import Pod
from lamina.stages.withdrawn import withdrawn
from lamina.text.verdicts import Verdicts, read_verdicts
from lamina.workspace import checked_layer_name


def find_base(pod: Pod) -> BaseIdentity:
    """Identity of the base in Hugging Face form; raises NotFoundError where it is incomplete."""
    identity = identify_hf(pod.workspace.base, pod.workspace.digests)
    pod.workspace.digests.save()
    return identity.model_copy(update={"name": pod.workspace.base_name()})


def check_base(pod: Pod) -> None:
    """Raise what `find_base` raises where a file is missing; the weights are not read."""
    names = ("config.json", "tokenizer.json")
    if not all((pod.workspace.base / name).is_file() for name in names):
        find_base(pod)
    weight_files(pod.workspace.base)


def find_documents(pod: Pod) -> tuple[Document, ...]:
    """Every document of the corpus that is not withdrawn; NotFoundError where there is none."""
    from lamina.corpus.documents import find_documents as find

    gone = withdrawn(pod)
    found = find(pod.workspace)
    left = tuple(one for one in found if (one.layer, one.digest) not in gone)
    if not any(one.format != "questions" for one in left):
        msg = f"all documents in {pod.workspace.raw_pdfs} are withdrawn; put others there"
        raise NotFoundError(msg)
    return left


def pdf_pretest(
    pod: Pod, documents: Sequence[Document], reading: Reading | None = None
) -> ArtifactRef:
    """A verdict for every document."""
    from lamina.corpus.pretest import pdf_pretest as judge

    settings, limits = _chosen(reading)
    return judge(
        documents, store=pod.store, progress=pod.progress, settings=settings, limits=limits
    )


def judge_batch(pod: Pod, documents: Sequence[Document], reading: Reading) -> None:
    """Read and judge these documents ahead of `pdf_pretest`, one after the other."""
    from lamina.corpus.pretest import judged_documents

    settings, limits = _chosen(reading)
    judged_documents(
        documents,
        store=pod.store,
        progress=pod.progress,
        settings=settings,
        limits=limits,
        lasting=True,
    )


def unread_documents(
    pod: Pod, documents: Sequence[Document], reading: Reading
) -> tuple[Document, ...]:
    """The documents that the store has no judgement of."""
    from lamina.corpus.pretest import unread

    return unread(documents, pod.store, *_chosen(reading))


def _chosen(reading: Reading | None) -> tuple[VerdictSettings, ReadingLimits]:
    chosen = reading or Reading()
    recognise = chosen.ocr_language if chosen.ocr else ""
    return VerdictSettings(language=chosen.language), ReadingLimits(recognise=recognise)


def publish_verdicts(pod: Pod, documents: Sequence[Document], verdicts: ArtifactRef) -> Path:
    """Write `data/processed/pdf_pretest.json`."""
    from lamina.corpus.known_names import names_of_documents, remember_names
    from lamina.corpus.view import write_pretest_view

    remember_names(pod.workspace, names_of_documents(documents))
    return write_pretest_view(pod.workspace, documents, read_verdicts(pod.store, verdicts))


def verdict_table(
    pod: Pod, documents: Sequence[Document], verdicts: ArtifactRef, most: int | None = None
) -> list[dict[str, Any]]:
    """What became of each file, a row a file, in the columns that people read first.

    With `most`, so many rows, those that were refused first.
    """
    from lamina.corpus.view import pretest_table

    columns = ("layer", "file", "outcome", "score", "pages", "sentence")
    rows = pretest_table(documents, read_verdicts(pod.store, verdicts))
    if most is not None and len(rows) > most:
        rows = sorted(rows, key=lambda row: bool(row["recommended"]))[:most]
    return [{name: (row | {"outcome": _outcome(row)})[name] for name in columns} for row in rows]


def _outcome(row: dict[str, Any]) -> str:
    """Accept, or reject, and the codes of why or in what it is odd."""
    outcome = "accept" if row["recommended"] else "reject"
    return ": ".join(filter(None, (outcome, ", ".join(row["reasons"]))))


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


def archive_pdfs(
    pod: Pod, documents: Sequence[Document], datasets: Sequence[ArtifactRef]
) -> ArchiveReport:
    """Move the documents that these datasets were built from into the archive."""
    from lamina.corpus.archive import archive_pdfs as archive

    used = {digest for ref in datasets for digest in pod.store.manifest(ref).facts["documents"]}
    return archive(documents, used, pod.workspace)
