"""One task for each layer: what fails is noted, and the next layer has its turn."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from prefect import Task

from lamina.stages.layers import end_training
from tasks import edge

R = TypeVar("R")


def each(
    task: Task[..., R] | Callable[..., R],
    arguments: Mapping[str, tuple[Any, ...]],
    failures: dict[str, str],
    at_once: int = 1,
    then: Callable[[str, R], object] | None = None,
) -> dict[str, R]:
    """The results by layer; the sentences of those that failed are added to `failures`.

    `then` is told each result as soon as it is there.
    """

    def run(layer: str) -> Any:  # noqa: ANN401 - a result, or the error instead of it
        try:
            result = task(*arguments[layer])
        except Exception as error:  # noqa: BLE001 - whatever befell a layer is its own
            with edge.progress(layer) as told:
                told.say(f"{layer} FAILED: {sentence(error)}")
            return error
        if then:
            then(layer, result)
        return result

    results = _mapped(run, list(arguments), at_once)
    failed = {name: each for name, each in results.items() if isinstance(each, Exception)}
    failures.update({name: sentence(error) for name, error in failed.items()})
    return {name: result for name, result in results.items() if name not in failed}


def _mapped(run: Callable[[str], Any], layers: list[str], at_once: int) -> dict[str, Any]:
    """In this thread, where a signal ends what runs; several at once in threads that wait."""
    if at_once <= 1:
        return {layer: run(layer) for layer in layers}
    with ThreadPoolExecutor(at_once) as pool:
        # Prefect knows by its context which flow run a task belongs to.
        waiting = {name: pool.submit(copy_context().run, run, name) for name in layers}
        try:
            return {layer: future.result() for layer, future in waiting.items()}
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            end_training()
            raise


def sentence(error: BaseException) -> str:
    """An error as one line: Lamina's own are sentences already."""
    from lamina.errors import LaminaError

    said = " ".join(str(error).split())
    return said if isinstance(error, LaminaError) else f"{type(error).__name__}: {said}"[:300]
