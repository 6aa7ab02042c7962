"""Whether a layer says on the server what it said in training."""

from collections.abc import Mapping
from contextlib import suppress

from lamina.artifacts import ArtifactRef
from lamina.conversion.parity import STAGE
from lamina.errors import LaminaError
from lamina.orders import CheckParity, TrainLayers
from lamina.passport import BaseIdentity
from lamina.stages import layers, parity
from tasks import edge
from tasks.caching import Stored, stage_task, step
from tasks.each import each
from tasks.recall import is_recalling


@stage_task(STAGE, task_run_name="parity-{layer}")
def measure_parity(
    layer: str, adapter: ArtifactRef, base: BaseIdentity, order: CheckParity
) -> Stored:
    """The layer's ladder, whether it passed or not."""
    del base  # part of the key: another base, another ladder
    with edge.pod(f"climb-{layer}") as pod:
        return Stored.of(parity.check_parity(pod, adapter, order))


@step("require-parity-{layer}")
def require_parity(layer: str, ladder: ArtifactRef) -> None:
    """Show the ladder, and raise MismatchError where a rung is beyond its limit."""
    with edge.pod(f"climb-{layer}") as pod:
        found = parity.verdict(pod, ladder)
        edge.markdown(f"parity-{layer}", found.markdown(), found.sentence)
        parity.publish_parity(pod, ladder)
        parity.require_parity(found)


@step("export_ahead")
def export_ahead(adapters: Mapping[str, ArtifactRef]) -> None:
    """Export at once what each ladder would export alone: the converter starts once."""
    with edge.pod("export-layers") as pod:
        layers.end_training()  # memory for the ladders
        with suppress(LaminaError):  # the layer's own task will tell
            layers.export_layers(pod, list(adapters.values()))


def sound_layers(
    order: TrainLayers,
    adapters: Mapping[str, ArtifactRef],
    base: BaseIdentity,
    failures: dict[str, str],
) -> dict[str, ArtifactRef]:
    """The layers that climbed their ladder, or all where the order asks for none."""
    if not order.check_parity:
        return dict(adapters)
    if not is_recalling():
        export_ahead(adapters)
    orders = {name: (name, ref, base, order.parity) for name, ref in adapters.items()}
    ladders = each(measure_parity, orders, failures)
    passed = each(require_parity, {name: (name, ref) for name, ref in ladders.items()}, failures)
    return {name: adapters[name] for name in passed}
