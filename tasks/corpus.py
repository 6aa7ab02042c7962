"""From PDFs to datasets."""

from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from lamina.artifacts import ArtifactRef
from lamina.corpus.documents import Document
from lamina.corpus.pretest import PRETEST
from lamina.dataset.build import BUILD, COMBINE
from lamina.passport import BaseIdentity
from lamina.stages import corpus
from lamina.verdicts import read_verdicts
from tasks import edge
from tasks.caching import Stored, stage_task


@task(cache_policy=NO_CACHE)
def find_base() -> BaseIdentity:
    """The base of this pod."""
    with edge.pod("base") as pod:
        return corpus.find_base(pod)


@task(cache_policy=NO_CACHE)
def find_documents() -> tuple[Document, ...]:
    """What landed and what was archived, by content."""
    with edge.pod("documents") as pod:
        return corpus.find_documents(pod)


@stage_task(PRETEST, task_run_name="pdf_pretest")
def pdf_pretest(documents: tuple[Document, ...]) -> Stored:
    """Read and judge every document."""
    with edge.pod("pdf-pretest") as pod:
        return Stored.of(corpus.pdf_pretest(pod, documents))


@task(cache_policy=NO_CACHE)
def publish_verdicts(documents: tuple[Document, ...], verdicts: ArtifactRef) -> None:
    """Show what became of each document: the view on disk, and a table in the UI."""
    with edge.pod("verdicts") as pod:
        corpus.publish_verdicts(pod, documents, verdicts)
        edge.table("pdf-verdicts", corpus.verdict_table(pod, documents, verdicts))


@task(cache_policy=NO_CACHE)
def choose_layers(verdicts: ArtifactRef, wanted: Sequence[str]) -> tuple[str, ...]:
    """The layers of this run."""
    return corpus.chosen_layers(read_verdicts(edge.store(), verdicts), wanted)


@stage_task(BUILD, task_run_name="build_dataset-{layer}")
def build_dataset(
    verdicts: ArtifactRef, layer: str, base: BaseIdentity, chunk_tokens: int
) -> Stored:
    """The rows of one layer."""
    with edge.pod(f"dataset-{layer}") as pod:
        return Stored.of(corpus.build_dataset(pod, verdicts, layer, base, chunk_tokens))


@stage_task(COMBINE, task_run_name="combine_datasets")
def combine_datasets(datasets: Sequence[ArtifactRef]) -> Stored:
    """The whole corpus as one dataset."""
    with edge.pod("dataset-all") as pod:
        return Stored.of(corpus.combine_datasets(pod, datasets))


@task(cache_policy=NO_CACHE)
def publish_datasets(datasets: Sequence[ArtifactRef]) -> None:
    """Show the rows of this run's layers."""
    with edge.pod("datasets") as pod:
        corpus.publish_datasets(pod, datasets)


@task(cache_policy=NO_CACHE)
def archive_pdfs(documents: tuple[Document, ...], datasets: Sequence[ArtifactRef]) -> int:
    """Move what was used into the archive; how many files that were."""
    with edge.pod("archive") as pod:
        return len(corpus.archive_pdfs(pod, documents, datasets).moved)
