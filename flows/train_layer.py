"""One layer: what several GPU workers do side by side."""

from collections.abc import Mapping

from prefect import flow

from flows.train_layers import train_layers
from lamina.artifacts import ArtifactRef
from lamina.orders import TrainLayer, TrainLayers


@flow(name="train-layer", flow_run_name="{order.layer}", log_prints=False)
def train_layer(order: TrainLayer) -> Mapping[str, ArtifactRef]:
    """Bring one layer up to date with its PDFs."""
    more = order.model_dump(exclude={"layer"})
    return train_layers.fn(TrainLayers(layers=[order.layer], **more))
