"""One layer for each topic: PDFs to published layers.

One flow, because the stages hand over references and share one GPU. What was done for the same
content, by whatever run, is not done again; the PDFs are archived last, when all else stands.
"""

from collections.abc import Mapping

from prefect import flow

from flows.shell import run_flow
from lamina.artifacts import ArtifactRef
from lamina.orders import TrainLayers
from lamina.training.plan import profile
from tasks import corpus, layers, models


@flow(name="train-layers", log_prints=False)
def train_layers(order: TrainLayers = TrainLayers()) -> Mapping[str, ArtifactRef]:  # noqa: B008
    """Bring layers up to date with their PDFs."""
    chosen = profile(order.profile, **order.overrides)
    base = corpus.find_base()
    documents = corpus.find_documents()
    verdicts = corpus.pdf_pretest(documents)
    corpus.publish_verdicts(documents, verdicts)
    names = corpus.choose_layers(verdicts, order.layers)
    datasets = {
        name: corpus.build_dataset(verdicts, name, base, order.chunk_tokens) for name in names
    }
    corpus.publish_datasets(list(datasets.values()))
    adapters = {
        name: layers.train_layer(name, dataset, base, chosen) for name, dataset in datasets.items()
    }
    layers.publish_layers(adapters)
    models.publish_base(models.convert_base(base))
    if order.archive:
        corpus.archive_pdfs(documents, list(datasets.values()))
    return adapters


def main(order: str) -> int:
    """Run from the command line."""
    return run_flow(train_layers, TrainLayers.model_validate_json(order))
