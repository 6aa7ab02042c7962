"""Processes that run a module of this package for another one."""

import os
from pathlib import Path


def environment(**more: str) -> dict[str, str]:
    """This process's, and what is named; a child finds this very package from any folder."""
    root = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, **more}


def how_it_ended(code: int) -> str:
    """Of a child that ended unasked."""
    return f"signal {-code}; memory may be short" if code < 0 else f"exit code {code}"
