"""How long work reports: a protocol passed in, so that the core knows neither UI nor Prefect."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console
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
    """A row of the screen: the bar of one piece of work at a time."""

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
        """Print the line above the bars."""
        self._bar.console.print(line, highlight=False, markup=False)

    def close(self) -> None:
        """Leave the screen."""
        self._bar.remove_task(self._task)


class Screen:
    """What all threads of this process show on its terminal: a row for each that works.

    There is one, since a second one would draw over it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bar: RichBar | None = None
        self._rows = 0

    @contextmanager
    def row(self, console: "Console") -> Iterator[Bars]:
        """A row while the block runs; the first one lights the screen, the last one clears it."""
        with self._lock:
            if self._bar is None:
                self._bar = _made_on(console)
                self._bar.start()
            bar, bars = self._bar, Bars(self._bar)
            self._rows += 1
        try:
            yield bars
        finally:
            with self._lock:
                bars.close()
                self._rows -= 1
                if not self._rows:
                    bar.stop()
                    self._bar = None


_SCREEN = Screen()


@contextmanager
def on_terminal() -> Iterator[Progress]:
    """Bars where standard error is a terminal, plain lines elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines()
        return
    with _SCREEN.row(console) as bars:
        yield bars


def _made_on(console: "Console") -> "RichBar":
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichBar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),  # a file's name may look like markup
    )
    return RichBar(*columns, console=console, transient=True)
