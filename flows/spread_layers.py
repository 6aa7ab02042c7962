"""Every layer that is due, as a run of its own: side by side on all workers of the GPU pool."""

from prefect import flow

from flows.shell import begin, named
from flows.train_layers import due_layers
from lamina.orders import TrainLayers
from lamina.stages.layers import check_failures
from tasks import landing, runs


@flow(name="spread-layers", flow_run_name=named(TrainLayers), log_prints=False)
def spread_layers(order: TrainLayers = TrainLayers()) -> dict[str, str]:  # noqa: B008
    """Start `train-layer` for each layer that is due; layer to run id."""
    begin()
    landing.fetch_landed()
    failed: dict[str, str] = {}
    due = due_layers(order, failed, costs=True)
    orders = {name: order.one(name) for name in due}
    names = {name: one.called(due) for name, one in orders.items()}
    started = runs.start("train-layer/train-one-layer", orders, names)
    check_failures(failed, started)
    return runs.ended(f"started: {', '.join(started) or 'nothing, all are up to date'}", started)
