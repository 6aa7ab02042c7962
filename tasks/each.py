"""One task for each layer: what fails is noted, and the next layer has its turn."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from prefect import Task
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.callables import get_call_parameters

from lamina.stages.climbing import stop_climbing
from lamina.stages.layers import end_training
from tasks import edge

R = TypeVar("R")
Arguments = Mapping[str, tuple[Any, ...]]  # by layer


def each(
    task: Task[..., R],
    arguments: Arguments,
    failures: dict[str, str],
    at_once: int = 1,
) -> dict[str, R]:
    """The results by layer; the sentences of those that failed are added to `failures`."""
    run = _side_by_side if at_once > 1 else _in_turn
    found = run(task, arguments, at_once)
    failed = {name: error for name, error in found.items() if isinstance(error, Exception)}
    failures.update({name: sentence(error) for name, error in failed.items()})
    return {name: result for name, result in found.items() if name not in failed}


def _in_turn(task: Task[..., R], arguments: Arguments, _: int) -> dict[str, Any]:
    """In this thread, where a signal ends what runs."""
    return {
        name: _told(name, lambda given=given: task(*given)) for name, given in arguments.items()
    }


def _side_by_side(task: Task[..., R], arguments: Arguments, at_once: int) -> dict[str, Any]:
    """In threads, which do not hear signals: what they do is stopped from here."""
    with _stoppable(), ThreadPoolTaskRunner(at_once) as runner:  # type: ignore[var-annotated]
        futures = {
            name: runner.submit(task, get_call_parameters(task.fn, given, {}))
            for name, given in arguments.items()
        }
        try:
            return {name: _told(name, future.result) for name, future in futures.items()}
        except BaseException:
            edge.STOP.set()
            for future in futures.values():
                future.wrapped_future.cancel()
            end_training()
            stop_climbing()
            raise


@contextmanager
def _stoppable() -> Iterator[None]:
    try:
        yield
    finally:
        edge.STOP.clear()  # all threads have ended


def _told(layer: str, run: Any) -> Any:  # noqa: ANN401 - a result, or the error instead of it
    try:
        return run()
    except Exception as error:  # noqa: BLE001 - whatever befell a layer is its own
        with edge.progress(layer) as told:
            told.say(f"{layer} FAILED: {sentence(error)}")
        return error


def sentence(error: BaseException) -> str:
    """An error as one line: Lamina's own are sentences already."""
    from lamina.errors import LaminaError

    said = " ".join(str(error).split())
    return said if isinstance(error, LaminaError) else f"{type(error).__name__}: {said}"[:300]
