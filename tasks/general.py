"""The rows that are mixed into every layer's own against forgetting, where the profile asks."""

from lamina.artifacts import ArtifactRef
from lamina.orders import TrainLayers
from lamina.passport import BaseIdentity
from lamina.stages.layers import check_general
from lamina.text.verdicts import read_verdicts
from lamina.training.profiles import Profile
from tasks import corpus, edge


def general_rows(
    profile: Profile, order: TrainLayers, verdicts: ArtifactRef, base: BaseIdentity
) -> ArtifactRef | None:
    """The dataset of the layer `order.general`, built if it is not yet; None without a share."""
    if not profile.general_share:
        return None
    check_general(read_verdicts(edge.store(), verdicts).layers(), order.general)
    return corpus.build_dataset(verdicts, order.general, base, order.chunk_tokens)
