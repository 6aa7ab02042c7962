"""One layer for each topic: PDFs to published layers.

One flow, because the stages hand over references and share one GPU. What was done for the same
content, by whatever run, is not done again; the PDFs are archived last, when all else stands. A
layer that fails does not stop the others; the flow then fails at its end, and says which.
"""

from collections.abc import Mapping

from prefect import flow

from blocks.in_force import obey, training_profile
from flows.shell import run_flow
from lamina.artifacts import ArtifactRef
from lamina.orders import TrainLayers
from lamina.stages.layers import check_failures
from tasks import corpus, handover, landing, layers, models, parity, sweep
from tasks.each import each
from tasks.mixing import general_rows, mixes


@flow(name="train-layers", log_prints=False)
def train_layers(order: TrainLayers = TrainLayers()) -> Mapping[str, ArtifactRef]:  # noqa: B008
    """Bring layers up to date with their PDFs, wherever those landed."""
    obey()
    chosen = training_profile(order.profile, order.overrides)
    landing.fetch_landed()
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
    mixed = mixes(chosen, datasets, base, failed, general)
    orders = {name: (name, datasets[name], base, chosen, mix) for name, mix in mixed.items()}
    with parity.ladders(order, base, failed) as climbing:
        swept = sweep.swept_orders(order, orders, failed)
        trained = each(layers.train_layer, swept, failed, layers.at_once(), climbing.begin)
        sound = climbing.sound(trained)
    layers.publish_layers(sound)
    models.publish_base(models.convert_base(base))
    landing.announce_trained(handover.push_layers(list(sound)))
    if order.archive:
        used = tuple(document for document in documents if document.layer in sound)
        corpus.archive_pdfs(used, [datasets[name] for name in sound])
    check_failures(failed, sound)
    return sound


def main(order: str) -> int:
    """Run from the command line."""
    return run_flow(train_layers, TrainLayers.model_validate_json(order))
