"""Running a flow from a shell: what each stage did, as a table at the end."""

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel

from tasks.edge import STATES

Order = TypeVar("Order", bound=BaseModel)


def run_flow(flow: Callable[[Order], object], order: Order) -> int:
    """Run it in this process, then say which stages ran and which were cached, also on failure."""
    try:
        flow(order)
    finally:
        print_states()
    return 0


def print_states() -> None:
    """The cached tasks of this process so far, as a table on standard error; then forget them."""
    from rich.console import Console
    from rich.table import Table

    if not STATES:
        return
    table = Table("stage", "state", "seconds", box=None, header_style="bold")
    table.columns[2].justify = "right"
    for name, state, seconds in STATES:
        table.add_row(name, state, f"{seconds:.1f}")
    Console(stderr=True).print(table)
    STATES.clear()
