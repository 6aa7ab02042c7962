"""How long work reports: a protocol passed in, so that the core knows neither UI nor Prefect."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as RichBar


class Progress(Protocol):
    """Receives what a stage has to tell. Where it is shown is the caller's matter."""

    def start(self, label: str, total: int) -> None:
        """Begin a piece of work of `total` units (steps, files, tensors)."""

    def advance(self, done: int, note: str = "") -> None:
        """Say that `done` units of the current piece are finished, with a short note."""

    def say(self, line: str) -> None:
        """Tell one event, as one line of fixed wording."""


class Silent:
    """Shows nothing: for tests and for callers that only want the result."""

    def start(self, label: str, total: int) -> None:
        """Ignore it."""

    def advance(self, done: int, note: str = "") -> None:
        """Ignore it."""

    def say(self, line: str) -> None:
        """Ignore it."""


class Lines:
    """Plain lines on standard error, at most one every `interval_s`: for logs and pipes."""

    def __init__(self, interval_s: float = 5.0) -> None:
        self._interval_s = interval_s
        self._label = ""
        self._total = 0
        self._last_s = 0.0

    def start(self, label: str, total: int) -> None:
        """Begin a piece of work."""
        self._label, self._total, self._last_s = label, total, time.monotonic()

    def advance(self, done: int, note: str = "") -> None:
        """Print a line when the last one is old enough."""
        if time.monotonic() - self._last_s >= self._interval_s:
            self._last_s = time.monotonic()
            self.say(f"{self._label} {done}/{self._total} {note}".rstrip())

    def say(self, line: str) -> None:
        """Print the line."""
        import sys

        print(line, file=sys.stderr, flush=True)


class Bars:
    """Progress bars on a terminal."""

    def __init__(self, bar: "RichBar") -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None, note="", visible=False)

    def start(self, label: str, total: int) -> None:
        """Show a fresh bar for this piece of work."""
        self._bar.reset(self._task, description=label, total=total, visible=True, note="")

    def advance(self, done: int, note: str = "") -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=done, note=note)

    def say(self, line: str) -> None:
        """Print the line above the bar."""
        self._bar.console.print(line, highlight=False, markup=False)


@contextmanager
def on_terminal() -> Iterator[Progress]:
    """Bars where standard error is a terminal, plain lines elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichBar

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),  # a file's name may look like markup
    )
    with RichBar(*columns, console=console, transient=True) as bar:
        yield Bars(bar)
