"""A difference between what must stand on the server and what stands there."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """One thing to make or to bring up to date."""

    what: str
    make: Callable[[], object]
