"""What a layer is trained on beside its own text, made as far as its profile asks for it."""

from lamina.artifacts import ArtifactRef
from lamina.passport import BaseIdentity
from lamina.stages import layers, study
from lamina.stages.pod import Pod
from lamina.training.mix import Mix
from lamina.training.order import LayerOrder
from lamina.training.profiles import Profile


def mix_of(  # noqa: PLR0913, PLR0917 - what a layer is made of
    pod: Pod,
    layer: str,
    dataset: ArtifactRef,
    base: BaseIdentity,
    profile: Profile,
    general: ArtifactRef | None = None,
    *,
    known_only: bool = False,
) -> Mix:
    """All that is mixed in; with `known_only` the base is asked nothing that it was not before."""
    exam = study.exam_questions(pod) if profile.study_passes else ()
    studied = study.study_layer(pod, layer, dataset, exam) if profile.study_passes else None
    kept = None
    if profile.replay_share:
        kept = known_replay(pod, base, profile) if known_only else replay(pod, base, profile)
    return Mix(general=general, study=studied, replay=kept).wanted(profile)


def replay(pod: Pod, base: BaseIdentity, profile: Profile) -> ArtifactRef:
    """The base's own answers to general questions, made once."""
    from lamina.training.recipe import ALONE, wake_torch
    from lamina.training.replay import replay as made

    order = _any_order(pod, base, profile)
    if known := known_replay(pod, base, profile):
        return known
    with ALONE:
        wake_torch(pod.settings.n_threads, int(order.config()["hidden_size"]))
        return made(order, store=pod.store, progress=pod.progress)


def known_replay(pod: Pod, base: BaseIdentity, profile: Profile) -> ArtifactRef | None:
    """The base's own answers, if it was asked before."""
    from lamina.training.replay import STAGE, inputs

    return pod.store.recall(STAGE, inputs(_any_order(pod, base, profile)))


def _any_order(pod: Pod, base: BaseIdentity, profile: Profile) -> LayerOrder:
    """An order on this base: its dataset is never read."""
    nothing = ArtifactRef(kind="dataset", digest="0" * 64)
    return layers.order_of(pod, "replay", nothing, base, profile)
