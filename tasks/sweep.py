"""Short runs before a layer's training, where the order asks for them."""

from collections.abc import Mapping
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.orders import TrainLayers
from lamina.passport import BaseIdentity
from lamina.stages import sweep
from lamina.stages.sweep import Swept
from lamina.training.mix import NOTHING_BESIDE, Mix
from lamina.training.profiles import Profile
from lamina.training.sweep import STAGE as SWEEP
from tasks import edge, layers
from tasks.caching import stage_task
from tasks.each import each


@stage_task(SWEEP, task_run_name="sweep-{layer}-{profile.name}")
def sweep_layer(
    layer: str,
    dataset: ArtifactRef,
    base: BaseIdentity,
    profile: Profile,
    mix: Mix = NOTHING_BESIDE,
) -> Swept:
    """Find the rate and the rank that suit the layer's rows, and show what was tried."""
    with edge.pod(f"sweep-{layer}") as pod:
        swept = sweep.sweep_layer(pod, layer, dataset, base, profile, mix)
        edge.table(f"sweep-{layer}", swept.rows())
        return swept


def swept_orders(
    order: TrainLayers, orders: Mapping[str, tuple[Any, ...]], failed: dict[str, str]
) -> Mapping[str, tuple[Any, ...]]:
    """The arguments of each layer's training, the profile replaced where a sweep is asked for."""
    if not order.sweep:
        return orders
    found = each(sweep_layer, orders, failed, layers.at_once())
    return {
        name: (layer, dataset, base, found[name].profile, mix)
        for name, (layer, dataset, base, _, mix) in orders.items()
        if name in found
    }
