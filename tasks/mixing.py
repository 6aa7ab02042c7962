"""What layers are trained on beside their own text, where the profile asks for it."""

import time
from collections.abc import Sequence

from lamina.artifacts import ArtifactRef
from lamina.orders import TrainLayer
from lamina.passport import BaseIdentity
from lamina.stages import mixing, study
from lamina.stages.layers import check_general
from lamina.study.stage import STAGE as STUDY
from lamina.text.verdicts import read_verdicts
from lamina.training.mix import Mix
from lamina.training.profiles import Profile
from lamina.training.replay import STAGE as REPLAY
from lamina.training.teacher import STAGE as TEACHER
from tasks import corpus, edge
from tasks.caching import Stored, stage_task, step

SHOWN = 20  # rows of a layer in the UI


@stage_task(STUDY, task_run_name="study-{layer}")
def study_layer(layer: str, dataset: ArtifactRef, exam: tuple[str, ...]) -> Stored:
    """Make rows of the layer's pages; card and samples are shown when they were made now."""
    with edge.pod(f"study-{layer}") as pod:
        began_s = time.time()
        ref = study.study_layer(pod, layer, dataset, exam)
        if card := study.card_made_since(pod, ref, began_s):
            edge.markdown(f"study-{layer}", card, f"what {layer} is taught")
            edge.table(f"study-rows-{layer}", study.shown_rows(study.sample(pod, ref, SHOWN)))
        return Stored.of(ref)


def _studied(layer: str, dataset: ArtifactRef, exam: tuple[str, ...]) -> Stored:
    """As the task says; again where pages were put off."""
    with edge.pod("study") as pod:
        again = study.is_unfinished(pod, layer, dataset, exam)
    task = study_layer.with_options(refresh_cache=True) if again else study_layer
    return task(layer, dataset, exam)


@stage_task(REPLAY, task_run_name="replay")
def replay(base: BaseIdentity, profile: Profile) -> Stored:
    """The base's own answers to general questions."""
    with edge.pod("replay") as pod:
        return Stored.of(mixing.replay(pod, base, profile))


@stage_task(TEACHER, task_run_name="teacher-{layer}")
def teach(
    layer: str, dataset: ArtifactRef, base: BaseIdentity, profile: Profile, mix: Mix
) -> Stored:
    """What the base says to the layer's study rows with the page in its prompt."""
    with edge.pod(f"teacher-{layer}") as pod:
        return Stored.of(mixing.teach(pod, layer, dataset, base, profile, mix))


@step("exam_questions")
def exam_questions() -> tuple[str, ...]:
    """What no study row may ask."""
    with edge.pod("exam") as pod:
        return study.exam_questions(pod)


@step("publish_study")
def publish_study(studied: Sequence[ArtifactRef]) -> None:
    """Show the rows of this run's layers as a file."""
    with edge.pod("study") as pod:
        study.publish(pod, studied)


def mix(
    layer: str,
    dataset: ArtifactRef,
    base: BaseIdentity,
    profile: Profile,
    general: ArtifactRef | None = None,
) -> Mix:
    """All that the profile wants beside the layer's own text, made where it is missing."""
    studied = kept = None
    if profile.study_passes:
        studied = _studied(layer, dataset, exam_questions())
        publish_study([studied])
    if profile.replay_share:
        kept = replay(base, profile)
    found = Mix(general=general, study=studied, replay=kept).wanted(profile)
    if profile.study_passes and profile.teacher_share:
        teacher = teach(layer, dataset, base, profile, found)
        found = found.model_copy(update={"teacher": teacher})
    return found


def general_rows(
    profile: Profile, order: TrainLayer, verdicts: ArtifactRef, base: BaseIdentity
) -> ArtifactRef | None:
    """The dataset of the layer `order.general`, built if it is not yet; None without a share."""
    if not profile.general_share:
        return None
    check_general(read_verdicts(edge.store(), verdicts).layers(), order.general)
    return corpus.build_dataset(verdicts, order.general, base, order.chunk_tokens)
