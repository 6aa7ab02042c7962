"""One layer for each topic: PDFs to published layers.

What is due is asked of store, archive and depot, and each such layer is brought up to date by a run
of `train-layer`, one after another, or side by side where the pod can. A layer that fails does not
stop the others; the flow then fails at its end, and says which.
"""

from collections.abc import Mapping

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from blocks.in_force import training_profile
from flows.shell import begin, named, run_flow
from flows.train_layer import train_layer
from lamina.artifacts import ArtifactRef
from lamina.orders import TrainLayer, TrainLayers
from lamina.stages.layers import check_failures
from tasks import corpus, landing, layers, runs
from tasks.each import each


@flow(name="train-layers", flow_run_name=named(TrainLayers), log_prints=False)
def train_layers(order: TrainLayers = TrainLayers()) -> Mapping[str, ArtifactRef | None]:  # noqa: B008
    """Bring layers up to date with their PDFs, wherever those landed."""
    begin()
    landing.fetch_landed()
    failed: dict[str, str] = {}
    due = due_layers(order, failed)
    runs.call(order.called(due))
    orders = {name: (order.one(name),) for name in due}
    done = each(bring_up_to_date, orders, failed, layers.at_once() if due else 1)
    layers.end_training()
    check_failures(failed, done)
    return runs.ended(order.told(done), done)


def due_layers(
    order: TrainLayers, failed: dict[str, str], *, costs: bool = False
) -> dict[str, str]:
    """What there is to do, and why; the rows of all layers are built and shown on the way."""
    found = corpus.read(order.reading)
    names = corpus.choose_layers(found.verdicts, order.layers)
    rows = {name: (found.verdicts, name, found.base, order.chunk_tokens) for name in names}
    datasets = each(corpus.build_dataset, rows, failed)
    corpus.publish_datasets(list(datasets.values()))
    chosen = training_profile(order.profile, order.overrides)
    return layers.due_layers(order, list(datasets), chosen, costs=costs)


@task(cache_policy=NO_CACHE, task_run_name="{order.layer}")
def bring_up_to_date(order: TrainLayer) -> ArtifactRef | None:
    """One layer in a run of its own; none if another run was quicker."""
    return train_layer(order)


def main(order: str) -> int:
    """Run from the command line."""
    return run_flow(train_layers, TrainLayers.model_validate_json(order))
