"""Running a flow from a shell: what each stage did as a table, and what came of it all."""

from collections.abc import Callable
from typing import TypeVar

from prefect import Flow
from prefect.runtime import flow_run
from pydantic import BaseModel

from blocks.in_force import obey
from lamina.summary import Summary
from tasks import runs
from tasks.edge import OUTCOMES, STATES
from tasks.recall import WorkToDoError, is_recalling

Order = TypeVar("Order", bound=BaseModel)
Result = TypeVar("Result")

# A run that hangs must end, and one that works never reach it: a layer takes minutes on a GPU. One
# that is ended all the same goes on from its checkpoint, or from what the store holds.
HOUR_S = 3600.0


def begin() -> None:
    """What every run does first: obey the documents on the server, as the pod that it was made for.

    Raises:
        MismatchError: this pod runs other code than was deployed.

    """
    obey()
    runs.refuse_other_code()
    runs.take_over_what_waits()


def named(kind: type[BaseModel]) -> Callable[[], str]:
    """What the order of a run asks for, as the run's name."""

    def name() -> str:
        order = flow_run.parameters.get("order")
        chosen = order if isinstance(order, kind) else kind.model_validate(order or {})
        return str(getattr(chosen, "title"))  # noqa: B009 - every order has one

    return name


class Closing:
    """How the closing summary is told."""

    as_json = False


def run_flow(
    flow: Flow[[Order], Result], order: Order, show: Callable[[Result], object] | None = None
) -> int:
    """Run it in this process, and tell at its end what was done, also where it failed."""
    try:
        result = flow.fn(order) if is_recalling() else flow(order)
    except WorkToDoError:
        STATES.clear()
        OUTCOMES.clear()
        raise
    except BaseException:
        close()
        raise
    if show and not Closing.as_json:
        show(result)
    close(flow.name.replace("-", "_"))
    return 0


def close(command: str = "") -> None:
    """Print what was made, measured and moved since the last time, and what to run next."""
    print_states()
    told = sum(OUTCOMES, Summary()).then(command)
    OUTCOMES.clear()
    for line in [told.json()] if Closing.as_json else told.lines():
        print(line)


def print_states() -> None:
    """The cached tasks of this process so far, as a table on standard error; then forget them."""
    from rich.table import Table

    from lamina.terminal import console

    if not STATES:
        return
    table = Table("stage", "state", "seconds", box=None, header_style="bold")
    table.columns[2].justify = "right"
    for name, state, seconds in STATES:
        table.add_row(name, state, f"{seconds:.1f}")
    console(stderr=True).print(table)
    STATES.clear()
