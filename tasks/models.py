"""From layers to models: merged, converted, quantized."""

from collections.abc import Sequence
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.conversion.convert import STAGE as CONVERT
from lamina.conversion.merge import STAGE as MERGE
from lamina.passport import BaseIdentity
from lamina.stages import models, outcomes
from tasks import edge
from tasks.caching import Stored, stage_task, step


@stage_task(MERGE, task_run_name="merge_level")
def merge_level(adapters: Sequence[ArtifactRef], base: BaseIdentity) -> Stored:
    """Merge layers at full strength into the base."""
    with edge.pod("merge") as pod:
        return Stored.of(models.merge_level(pod, [(ref, 1.0) for ref in adapters], base))


@stage_task(CONVERT, task_run_name="convert_to_gguf-base")
def convert_base(base: BaseIdentity) -> Stored:
    """The base as GGUF: as it was added, else as Q4_K_M."""
    with edge.pod("convert-base") as pod:
        return Stored.of(models.served_base(pod, base))


@stage_task(CONVERT, task_run_name="convert_to_gguf-merged")
def convert_merged(merged: ArtifactRef) -> Stored:
    """A merged model as Q4_K_M GGUF."""
    with edge.pod("convert-merged") as pod:
        return Stored.of(models.convert_merged(pod, merged))


@step("publish_base")
def publish_base(gguf: ArtifactRef) -> Path:
    """Point `MODEL_PATH` at the converted base."""
    with edge.pod("publish-base") as pod:
        view = models.publish_base(pod, gguf, replace=False)
        edge.OUTCOMES.append(outcomes.of_file(pod, "base", view, gguf, edge.BEGAN_S))
        return view


@step("publish_merged")
def publish_merged(layers: Sequence[str], merged: ArtifactRef, gguf: ArtifactRef) -> Path:
    """Put a merged model where people look for it, beside the base."""
    with edge.pod("publish-merged") as pod:
        view = models.publish_merged(pod, layers, merged, gguf)
        edge.OUTCOMES.append(outcomes.of_merged(pod, layers, view, gguf, edge.BEGAN_S))
        return view
