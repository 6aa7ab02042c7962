"""What training each layer cost, as its versions tell it."""

from collections.abc import Iterator
from contextlib import suppress

from lamina.artifacts import ArtifactRef
from lamina.errors import LaminaError
from lamina.stages.pod import Pod
from lamina.stages.views import KIND


def waiting_or_served(pod: Pod) -> Iterator[tuple[str, ArtifactRef]]:
    """Layers with the version that serves, and with the one that waits for its verdict."""
    for folder in (pod.workspace.adapters_gguf, pod.workspace.candidates):
        for view in sorted(folder.glob("*.gguf")):
            if (ref := pod.store.holding(view)) and ref.kind == KIND:
                yield view.stem, ref


def training_costs(pod: Pod) -> dict[str, float]:
    """Layer to cost, of what serves or waits here; those whose price nobody knew are left out."""
    found = {}
    for layer, ref in waiting_or_served(pod):
        with suppress(LaminaError):
            cost = pod.store.manifest(ref).run.get("training_cost")
            if cost:
                found[layer] = float(cost)
    return found
