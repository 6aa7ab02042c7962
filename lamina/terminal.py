"""Tables for people: as wide as the terminal, and as wide as they are where nobody looks."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_UNBOUNDED = 1 << 20


def console(*, stderr: bool = False) -> "Console":
    """The terminal; a file or a pipe takes lines of any length, so that nothing is wrapped."""
    from rich.console import Console

    found = Console(stderr=stderr)
    return found if found.is_terminal else Console(stderr=stderr, width=_UNBOUNDED)


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of equal keys as a table; text may wrap, but for names, which stand first."""
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    table = Table(box=None, header_style="bold")
    for name in rows[0]:
        is_text = any(isinstance(row[name], str) for row in rows)
        is_name = not table.columns
        table.add_column(name, no_wrap=is_name or not is_text, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row.values()))  # a name may look like markup
    screen = console()
    with screen.capture() as shown:
        screen.print(table)
    print("\n".join(line.rstrip() for line in shown.get().splitlines()))
