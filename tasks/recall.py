"""A run without a server, for as long as everything in it was done before.

Where no Prefect server is named, a flow first runs like this, which takes seconds less than a
server's start. A stage whose result is remembered gives it, by the same key and from the same
record as in a run on a server; a step that only looks or publishes does so, as it does in every
run. The first stage with work to do ends it, and the flow runs in earnest.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from prefect import Task
from prefect.filesystems import LocalFileSystem
from prefect.results import ResultStore
from prefect.serializers import JSONSerializer
from prefect.settings import PREFECT_RESULTS_LOCAL_STORAGE_PATH, PREFECT_TASKS_REFRESH_CACHE
from prefect.utilities.callables import get_call_parameters

P = ParamSpec("P")
R = TypeVar("R")

_RECALLING: ContextVar[bool] = ContextVar("recalling", default=False)


class WorkToDoError(BaseException):
    """A stage has work to do; no `Exception`, since it is nobody's to handle but the flow's."""


@contextmanager
def recalling() -> Iterator[None]:
    """In here, tasks recall and do no work."""
    token = _RECALLING.set(True)
    try:
        yield
    finally:
        _RECALLING.reset(token)


def is_recalling() -> bool:
    """Whether this is a run without a server."""
    return _RECALLING.get()


def known(found: R | None) -> R:
    """What a step found without working; raises WorkToDoError where there was nothing."""
    if found is None:
        raise WorkToDoError
    return found


def nothing(due: dict[str, R]) -> dict[str, R]:
    """What a step found to be due: in a run without a server there may be none."""
    if due and is_recalling():
        raise WorkToDoError
    return due


class Recallable(Task[P, R]):
    """A task that can do without a server where it has nothing to do."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Run as Prefect does it, or recall."""
        if not is_recalling():
            return super().__call__(*args, **kwargs)
        if self.persist_result:
            return self._recalled(get_call_parameters(self.fn, args, kwargs))
        try:
            return self.fn(*args, **kwargs)
        except Exception as error:
            if self.retries:  # to wait and to try again is the server's
                raise WorkToDoError from error
            raise

    def _recalled(self, parameters: dict[str, Any]) -> object:
        from tasks import edge

        if self.refresh_cache or PREFECT_TASKS_REFRESH_CACHE.value():
            raise WorkToDoError
        policy: Any = self.cache_policy
        folder = LocalFileSystem(basepath=str(PREFECT_RESULTS_LOCAL_STORAGE_PATH.value()))
        records = ResultStore(
            result_storage=folder, serializer=JSONSerializer(), cache_result_in_memory=False
        )
        try:
            found = records.read(policy.compute_key(None, parameters, {})).result
        except Exception as unknown:
            raise WorkToDoError from unknown
        edge.STATES.append((str(self.task_run_name).format(**parameters), "Cached", 0.0))
        return found
