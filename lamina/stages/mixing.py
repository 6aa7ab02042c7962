"""What a layer is trained on beside its own text, made as far as its profile asks for it."""

from lamina.artifacts import ArtifactRef
from lamina.passport import BaseIdentity
from lamina.prompts.folder import folder_prompts
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
    """All that is mixed in; with `known_only` neither base nor writer is asked anything new."""
    exam = study.exam_questions(pod) if profile.study_passes else ()
    studied = kept = None
    if profile.study_passes:
        make = study.known_study if known_only else study.study_layer
        studied = make(pod, layer, dataset, exam)
    if profile.replay_share and _speaks(pod, base):
        kept = known_replay(pod, base, profile) if known_only else replay(pod, base, profile)
    mix = Mix(general=general, study=studied, replay=kept)
    if profile.study_passes and profile.teacher_share:
        ask = known_teacher if known_only else teach
        mix = mix.model_copy(update={"teacher": ask(pod, layer, dataset, base, profile, mix)})
    return mix.wanted(profile)


def _speaks(pod: Pod, base: BaseIdentity) -> bool:
    """Whether the base has a chat template, and so answers of its own to keep."""
    if folder_prompts(pod.workspace.base).source is not None:
        return True
    pod.progress.say(f"{base.name} has no chat template, so it has no answers of its own to keep")
    return False


def teach(  # noqa: PLR0913, PLR0917 - what a layer is made of
    pod: Pod, layer: str, dataset: ArtifactRef, base: BaseIdentity, profile: Profile, mix: Mix
) -> ArtifactRef:
    """What the base says to the layer's study rows with the page in its prompt."""
    from lamina.training.recipe import ALONE, wake_torch
    from lamina.training.teacher import teach as made

    if known := known_teacher(pod, layer, dataset, base, profile, mix):
        return known
    order = layers.order_of(pod, layer, dataset, base, profile, mix)
    with ALONE:
        wake_torch(pod.settings.n_threads, int(order.config()["hidden_size"]))
        return made(order, store=pod.store, progress=pod.progress)


def known_teacher(  # noqa: PLR0913, PLR0917 - what a layer is made of
    pod: Pod, layer: str, dataset: ArtifactRef, base: BaseIdentity, profile: Profile, mix: Mix
) -> ArtifactRef | None:
    """That, if it was asked before."""
    from lamina.training.teacher import STAGE, inputs

    order = layers.order_of(pod, layer, dataset, base, profile, mix)
    return pod.store.recall(STAGE, inputs(order))


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
