"""One layer for each topic: PDFs to published layers.

One flow, because the stages hand over references and share one GPU. What was done for the same
content, by whatever run, is not done again; the PDFs are archived last, when all else stands. A
layer that fails does not stop the others; the flow then fails at its end, and says which.
"""

from collections.abc import Mapping

from prefect import flow

from flows.shell import run_flow
from lamina.artifacts import ArtifactRef
from lamina.orders import TrainLayers
from lamina.stages.layers import check_failures
from lamina.training.profiles import profile
from tasks import corpus, layers, models
from tasks.each import each
from tasks.general import general_rows


@flow(name="train-layers", log_prints=False)
def train_layers(order: TrainLayers = TrainLayers()) -> Mapping[str, ArtifactRef]:  # noqa: B008
    """Bring layers up to date with their PDFs."""
    chosen = profile(order.profile, **order.overrides)
    base = corpus.find_base()
    documents = corpus.find_documents()
    verdicts = corpus.judge(documents, order.reading)
    corpus.publish_verdicts(documents, verdicts)
    names = corpus.choose_layers(verdicts, order.layers)
    rows = {name: (verdicts, name, base, order.chunk_tokens) for name in names}
    failed: dict[str, str] = {}
    datasets = each(corpus.build_dataset, rows, failed)
    corpus.publish_datasets(list(datasets.values()))
    general = general_rows(chosen, order, verdicts, base)
    orders = {name: (name, ref, base, chosen, general) for name, ref in datasets.items()}
    adapters = each(layers.train_layer, orders, failed)
    layers.publish_layers(adapters)
    models.publish_base(models.convert_base(base))
    if order.archive:
        used = tuple(document for document in documents if document.layer in adapters)
        corpus.archive_pdfs(used, [datasets[name] for name in adapters])
    check_failures(failed, adapters)
    return adapters


def main(order: str) -> int:
    """Run from the command line."""
    return run_flow(train_layers, TrainLayers.model_validate_json(order))
