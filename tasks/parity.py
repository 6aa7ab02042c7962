"""Whether a layer says on the server what it said in training."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import copy_context

from lamina.artifacts import ArtifactRef
from lamina.conversion.parity import STAGE
from lamina.errors import LaminaError
from lamina.orders import CheckParity, TrainLayers
from lamina.passport import BaseIdentity
from lamina.stages import layers, parity
from lamina.stages.climbing import stop_climbing
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
            if adapters:
                layers.export_layers(pod, list(adapters.values()))


class Ladders:
    """The ladders of a run; where a GPU trains, each is climbed beside the next layer's training.

    The processor has little else to do there. On a pod without a GPU both would share its cores, so
    that ladders wait for the last training.
    """

    def __init__(self, order: TrainLayers, base: BaseIdentity, failures: dict[str, str]) -> None:
        self._order, self._base, self._failures = order, base, failures
        beside = order.check_parity and not is_recalling() and trains_on_gpu()
        self._pool = ThreadPoolExecutor(1) if beside else None
        self._begun: dict[str, Future[Stored]] = {}

    def begin(self, name: str, adapter: ArtifactRef) -> None:
        """Climb this one behind those that were begun, if anything goes on beside training."""
        if self._pool:
            # Prefect knows by its context which flow run a task belongs to.
            climb = copy_context().run
            self._begun[name] = self._pool.submit(climb, self._climb, name, adapter)

    def sound(self, adapters: Mapping[str, ArtifactRef]) -> dict[str, ArtifactRef]:
        """The layers that climbed their ladder, or all where the order asks for none."""
        if not self._order.check_parity:
            return dict(adapters)
        waiting = {name: ref for name, ref in adapters.items() if name not in self._begun}
        if not is_recalling():
            export_ahead(waiting)
        pairs = {name: (name, ref) for name, ref in adapters.items()}
        found = each(self._ladder, pairs, self._failures)
        shown = {name: (name, ref) for name, ref in found.items()}
        return {name: adapters[name] for name in each(require_parity, shown, self._failures)}

    def stop(self) -> None:
        """Begin no more of them, and end the one that is being climbed."""
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)
            stop_climbing()

    def _ladder(self, name: str, adapter: ArtifactRef) -> Stored:
        begun = self._begun.get(name)
        return begun.result() if begun else self._climb(name, adapter)

    def _climb(self, name: str, adapter: ArtifactRef) -> Stored:
        return measure_parity(name, adapter, self._base, self._order.parity)


@contextmanager
def ladders(order: TrainLayers, base: BaseIdentity, failures: dict[str, str]) -> Iterator[Ladders]:
    """Ladders that end with the run that trains, however it ends."""
    climbing = Ladders(order, base, failures)
    try:
        yield climbing
    finally:
        climbing.stop()


def trains_on_gpu() -> bool:
    """Whether this pod trains on a GPU in this process."""
    with edge.pod("ladders") as pod:
        return layers.trains_on_gpu(pod)
