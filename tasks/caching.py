"""When a stage counts as done: its key, and what a result must prove to be a hit.

A hit needs two things: a result record under the key (stage version and content digests), and the
artifact it names, whole, in the store. The second is checked by the reference's own validator while
Prefect loads the record: a record that does not load counts as a miss, and the stage runs again.
The store itself serialises equal keys with flock, so Prefect's lock managers are not used.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ParamSpec, Self, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE, CachePolicy
from prefect.context import TaskRunContext
from pydantic import model_validator

from lamina.artifacts import ArtifactRef
from lamina.store import Stage
from tasks import edge
from tasks.recall import Recallable

P = ParamSpec("P")
R = TypeVar("R")


class Stored(ArtifactRef):
    """A reference that cannot be made unless the store of this pod holds the artifact, whole."""

    @model_validator(mode="after")
    def _is_held(self) -> Self:
        if not edge.store().holds(self):
            msg = f"the store does not hold {self}, whole"
            raise ValueError(msg)
        return self

    @classmethod
    def of(cls, ref: ArtifactRef) -> "Stored":
        """The same reference, checked."""
        return cls(kind=ref.kind, digest=ref.digest)


@dataclass
class ByContent(CachePolicy):
    """Keys a task on its stage's version and its inputs' content, across runs and machines."""

    stage: Stage = field(default_factory=lambda: Stage("unnamed", 0))

    def compute_key(
        self,
        task_ctx: TaskRunContext,  # noqa: ARG002 - Prefect's signature
        inputs: dict[str, Any],
        flow_parameters: dict[str, Any],  # noqa: ARG002 - Prefect's signature
        **_kwargs: Any,  # noqa: ANN401 - Prefect's signature
    ) -> str:
        """The stage's key; raises TypeError for an input without content identity."""
        return self.stage.key(inputs)


def stage_task(stage: Stage, **options: Any) -> Callable[[Callable[P, R]], Task[P, R]]:  # noqa: ANN401
    """Make a function the Prefect task of a stage, cached by content."""

    def wrap(function: Callable[P, R]) -> Task[P, R]:
        return Recallable(
            function,
            name=stage.name,
            cache_policy=ByContent(stage=stage),
            persist_result=True,
            result_serializer="json",
            cache_result_in_memory=False,
            on_completion=[edge.note_state],
            **options,
        )

    return wrap


def step(name: str, **options: Any) -> Callable[[Callable[P, R]], Task[P, R]]:  # noqa: ANN401
    """Make a function the Prefect task of a step: it looks or publishes, anew in every run."""

    def wrap(function: Callable[P, R]) -> Task[P, R]:
        return Recallable(function, cache_policy=NO_CACHE, task_run_name=name, **options)

    return wrap
