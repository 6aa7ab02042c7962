"""From datasets to layers."""

from collections.abc import Mapping, Sequence

from lamina.artifacts import ArtifactRef
from lamina.orders import TrainLayer, TrainLayers
from lamina.passport import BaseIdentity
from lamina.stages import layers, levels, outcomes
from lamina.training.mix import NOTHING_BESIDE, Mix
from lamina.training.profiles import Profile
from lamina.training.recipe import STAGE as TRAIN
from lamina.workspace import LEVELS
from tasks import edge
from tasks.caching import Stored, stage_task, step
from tasks.recall import nothing


@stage_task(TRAIN, task_run_name="train-{layer}-{profile.name}")
def train_layer(
    layer: str,
    dataset: ArtifactRef,
    base: BaseIdentity,
    profile: Profile,
    mix: Mix = NOTHING_BESIDE,
) -> Stored:
    """Train one layer, and show its losses."""
    with edge.pod(f"train-{layer}") as pod:
        adapter = layers.train_layer(pod, layer, dataset, base, profile, mix)
        edge.picture(f"loss-{layer}", (pod.store.path(adapter) / "loss.svg").read_text())
        edge.table(f"trained-{layer}", layers.loss_facts(pod, adapter))
        return Stored.of(adapter)


def at_once() -> int:
    """How many layers this pod trains side by side."""
    with edge.pod("workers") as pod:
        return layers.at_once(pod)


def end_training() -> None:
    """Give back what training holds, once the last layer is trained."""
    layers.end_training()


@step("publish_layers")
def publish_layers(adapters: Mapping[str, ArtifactRef]) -> None:
    """Export the layers that are not GGUF yet, and point the names at these versions."""
    with edge.pod("export-layers") as pod:
        if adapters:
            files = layers.export_layers(pod, list(adapters.values()))
            layers.publish_layers(pod, adapters, files)
            edge.OUTCOMES.append(outcomes.of_layers(pod, adapters, edge.BEGAN_S))


def outcome(adapter: ArtifactRef) -> str:
    """What training did to the held-out loss, in a line."""
    with edge.pod("trained") as pod:
        (row,) = layers.loss_facts(pod, adapter)
    before, after = row["held-out loss before"], row["after"]
    if before is None or after is None:
        return "published; no text was held out"
    return f"published; held-out loss {before:.3f} -> {after:.3f}"


@step("find_trained")
def find_trained(wanted: Sequence[str]) -> dict[str, ArtifactRef]:
    """The published layers by name: those wanted, or the levels."""
    with edge.pod("trained") as pod:
        found = layers.trained_layers(pod, wanted)
        return {name: ref for name, ref in found.items() if wanted or name in LEVELS}


@step("due_layers")
def due_layers(
    order: TrainLayers | TrainLayer, names: Sequence[str], profile: Profile, *, costs: bool = False
) -> dict[str, str]:
    """What a run would not find up to date, with why, as a table; what is, is told at the end."""
    from lamina.stages.due import due_table, plan_layers

    if not names:
        return {}
    with edge.pod("due-layers") as pod:
        plan = plan_layers(
            pod, names, profile, order.chunk_tokens, order.general, order.reading,
            sweep=order.sweep, ladder=order.check_parity, costs=costs,
        )  # fmt: skip
        edge.table("due-layers", due_table(plan))
        here = pod.workspace.trained()
        rest = [one.layer for one in plan if not one.due and one.layer in here]
        known = layers.trained_layers(pod, rest) if rest else {}
        edge.OUTCOMES.append(outcomes.of_layers(pod, known, edge.BEGAN_S))
        due = {one.layer: one.brief for one in plan if one.due}
        return nothing(due)


@step("choose_levels")
def choose_levels(adapters: Mapping[str, ArtifactRef], wanted: Sequence[str]) -> tuple[str, ...]:
    """The levels to merge."""
    with edge.pod("levels") as pod:
        passports = {name: layers.passport(pod, ref) for name, ref in adapters.items()}
        return levels.best_levels(passports, wanted)
