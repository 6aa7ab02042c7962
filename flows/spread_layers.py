"""Every layer that is due, as a run of its own: side by side on all workers of the GPU pool."""

from prefect import flow

from blocks.in_force import obey, training_profile
from lamina.orders import TrainLayer, TrainLayers
from tasks import landing, layers, runs


@flow(name="spread-layers", log_prints=False)
def spread_layers(order: TrainLayers = TrainLayers()) -> dict[str, str]:  # noqa: B008
    """Start `train-layer` for each layer that is due; layer to run id."""
    obey()
    landing.fetch_landed()
    due = layers.due_layers(order, training_profile(order.profile, order.overrides))
    more = order.model_dump(exclude={"layers"})
    return runs.start("train-layer/gpu", {name: TrainLayer(layer=name, **more) for name in due})
