"""Short runs before a layer's training, where the order asks for them."""

from lamina.artifacts import ArtifactRef
from lamina.passport import BaseIdentity
from lamina.stages import sweep
from lamina.stages.sweep import Swept
from lamina.training.mix import NOTHING_BESIDE, Mix
from lamina.training.profiles import Profile
from lamina.training.sweep import STAGE as SWEEP
from tasks import edge
from tasks.caching import stage_task


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
