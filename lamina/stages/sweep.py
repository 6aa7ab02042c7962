"""The sweep before a training: short runs like any other, so that none is done twice."""

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict

from lamina.artifacts import ArtifactRef
from lamina.passport import BaseIdentity
from lamina.stages import layers
from lamina.stages.pod import Pod
from lamina.training import sweep
from lamina.training.mix import NOTHING_BESIDE, Mix
from lamina.training.order import LayerOrder, plan_layer
from lamina.training.profiles import Profile


class Swept(BaseModel):
    """What a layer is to be trained with, and the trials that said so; none = nothing held out."""

    model_config = ConfigDict(frozen=True)

    profile: Profile
    tried: tuple[sweep.Trial, ...] = ()

    def rows(self) -> list[dict[str, object]]:
        """The trials as a table for people."""
        return list(sweep.rows(self.tried)) if self.tried else []


def sweep_layer(  # noqa: PLR0913, PLR0917 - what a layer is made of
    pod: Pod,
    layer: str,
    dataset: ArtifactRef,
    base: BaseIdentity,
    profile: Profile,
    mix: Mix = NOTHING_BESIDE,
) -> Swept:
    """The profile with the rate and the rank that suit the layer's rows best; says why."""

    def run(short: Profile) -> ArtifactRef:
        return layers.train_layer(pod, layer, dataset, base, short, mix)

    order = layers.order_of(pod, layer, dataset, base, profile, mix)
    swept = _swept(pod, order, run)
    assert swept is not None  # noqa: S101 - every run gives a layer, or raises
    pod.progress.say(f"{layer}: {sweep.sentence(swept.tried)}")
    return swept


def known_sweep(pod: Pod, order: LayerOrder) -> Profile | None:
    """What a sweep for this order has taken, or would take; None where it is yet to be run."""
    from lamina.training.recipe import STAGE

    def recall(short: Profile) -> ArtifactRef | None:
        trial = order.model_copy(update={"profile": short})
        return pod.store.recall(STAGE, trial.inputs())

    swept = _swept(pod, order, recall)
    return swept.profile if swept else None


def _swept(
    pod: Pod, order: LayerOrder, run: Callable[[Profile], ArtifactRef | None]
) -> Swept | None:
    """First the rates, then the ranks at the best of them; None where a run gives nothing."""
    profile, plan = order.profile, plan_layer(order, pod.store)
    if not order.documents(pod.store, "validation"):
        return Swept(profile=profile)
    tried: list[sweep.Trial] = []
    for others in (sweep.rates, sweep.ranks):
        for one in others(profile):
            short = sweep.short(one, plan)
            ref = run(short)
            if ref is None:
                return None
            facts = pod.store.manifest(ref).facts
            by = facts["chosen_by"]
            tried.append(sweep.Trial(profile=short, measure=by, loss=facts["losses"][by]["layer"]))
        profile = sweep.taken(profile, tried)
    return Swept(profile=profile, tried=tuple(tried))
