"""One task for each layer: what fails is noted, and the next layer has its turn."""

from collections.abc import Mapping
from typing import Any, TypeVar

from prefect import Task

from tasks import edge

R = TypeVar("R")


def each(
    task: Task[..., R], arguments: Mapping[str, tuple[Any, ...]], failures: dict[str, str]
) -> dict[str, R]:
    """The results by layer; the sentences of those that failed are added to `failures`."""
    results: dict[str, R] = {}
    for layer, given in arguments.items():
        state: Any = task(*given, return_state=True)  # Prefect's types lose it for a type variable
        result = state.result(raise_on_failure=False)
        if isinstance(result, BaseException):
            failures[layer] = sentence(result)
            with edge.progress(layer) as told:
                told.say(f"{layer} FAILED: {failures[layer]}")
        else:
            results[layer] = result
    return results


def sentence(error: BaseException) -> str:
    """An error as one line: Lamina's own are sentences already."""
    from lamina.errors import LaminaError

    said = " ".join(str(error).split())
    return said if isinstance(error, LaminaError) else f"{type(error).__name__}: {said}"[:300]
