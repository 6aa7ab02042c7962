"""From PDFs to datasets."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from lamina.artifacts import ArtifactRef
from lamina.corpus.documents import Document
from lamina.corpus.pretest import PRETEST
from lamina.dataset.build import BUILD, COMBINE
from lamina.orders import Reading
from lamina.passport import BaseIdentity
from lamina.stages import corpus, outcomes, shown
from lamina.text.verdicts import read_verdicts
from tasks import edge
from tasks.caching import Stored, stage_task, step
from tasks.cluster import judge_on_cluster
from tasks.recall import is_recalling

SHOWN = 500  # documents of the table in the UI, which is kept in Prefect's database


@step("find_base")
def find_base() -> BaseIdentity:
    """The base of this pod."""
    with edge.pod("base") as pod:
        return corpus.find_base(pod)


@step("find_documents")
def find_documents() -> tuple[Document, ...]:
    """What landed and what was archived, by content."""
    with edge.pod("documents") as pod:
        return corpus.find_documents(pod)


@dataclass(frozen=True)
class Corpus:
    """The base, and the documents with their verdicts, as a run finds them."""

    base: BaseIdentity
    documents: tuple[Document, ...]
    verdicts: Stored

    def of(self, layer: str) -> tuple[Document, ...]:
        """The documents that feed a layer."""
        return tuple(one for one in self.documents if one.layer == layer)


def read(reading: Reading) -> Corpus:
    """Find base and documents, and judge these."""
    base, documents = find_base(), find_documents()
    verdicts = judge(documents, reading)
    publish_verdicts(documents, verdicts)
    return Corpus(base, documents, verdicts)


def judge(documents: tuple[Document, ...], reading: Reading) -> Stored:
    """Read and judge every document, on the pod's cluster if it has one."""
    if not is_recalling():
        judge_on_cluster(documents, reading)
    return pdf_pretest(documents, reading)


@stage_task(PRETEST, task_run_name="pdf_pretest")
def pdf_pretest(documents: tuple[Document, ...], reading: Reading) -> Stored:
    """Read and judge every document that is not yet."""
    with edge.pod("pdf-pretest") as pod:
        return Stored.of(corpus.pdf_pretest(pod, documents, reading))


@step("publish_verdicts")
def publish_verdicts(documents: tuple[Document, ...], verdicts: ArtifactRef) -> None:
    """Show what became of each document: the view on disk, and a table in the UI."""
    with edge.pod("verdicts") as pod:
        view = corpus.publish_verdicts(pod, documents, verdicts)
        rows = corpus.verdict_table(pod, documents, verdicts, most=SHOWN)
        told = f"{len(rows)} of {len(documents)} documents, the refused first; all are in {view}"
        edge.table("pdf-verdicts", rows, told)


@step("choose_layers")
def choose_layers(verdicts: ArtifactRef, wanted: Sequence[str]) -> tuple[str, ...]:
    """The layers of this run."""
    return corpus.chosen_layers(read_verdicts(edge.store(), verdicts), wanted)


@stage_task(BUILD, task_run_name="build_dataset-{layer}")
def build_dataset(
    verdicts: ArtifactRef, layer: str, base: BaseIdentity, chunk_tokens: int
) -> Stored:
    """The rows of one layer; its card is shown when it was made now."""
    with edge.pod(f"dataset-{layer}") as pod:
        began_s = time.time()
        ref = corpus.build_dataset(pod, verdicts, layer, base, chunk_tokens)
        if card := shown.card_made_since(pod, ref, began_s):
            edge.markdown(f"dataset-{layer}", card, f"what {layer} is trained on")
        return Stored.of(ref)


@stage_task(COMBINE, task_run_name="combine_datasets")
def combine_datasets(datasets: Sequence[ArtifactRef]) -> Stored:
    """The whole corpus as one dataset."""
    with edge.pod("dataset-all") as pod:
        return Stored.of(corpus.combine_datasets(pod, datasets))


@step("publish_datasets")
def publish_datasets(datasets: Sequence[ArtifactRef]) -> None:
    """Show the rows of this run's layers: the files, and a table of all layers in the UI."""
    with edge.pod("datasets") as pod:
        tests = shown.publish_datasets(pod, datasets)
        edge.table("datasets", shown.dataset_table(pod, datasets, tests), "rows by layer")


@step("archive_pdfs")
def archive_pdfs(documents: tuple[Document, ...], datasets: Sequence[ArtifactRef]) -> int:
    """Move what was used into the archive; how many files that were."""
    with edge.pod("archive") as pod:
        report = corpus.archive_pdfs(pod, documents, datasets)
        edge.OUTCOMES.append(outcomes.of_archive(pod, report))
        return len(report.moved)
