"""Which code this is: by it a pod knows whether a deployment was made for it."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from lamina import __version__

_HOME = Path(__file__).parents[1]


def code_version() -> str:
    """The commit, where it is known, else the release."""
    return commit() or __version__


def is_other_code(version: str | None) -> bool:
    """Whether that version's commit is another one than this; not where either is not known."""
    return bool(commit() and version and version not in {commit(), __version__})


@cache
def commit() -> str:
    """LAMINA_COMMIT, which images carry, else the checkout's; empty where nobody knows.

    What is changed and not committed does not count: who works on a checkout knows what they run.
    """
    if named := os.environ.get("LAMINA_COMMIT"):
        return named
    git = shutil.which("git")
    if git is None or not (_HOME / ".git").exists():
        return ""
    # The checkout may be another user's, as on a mounted volume.
    command = [git, "-c", "safe.directory=*", "-C", str(_HOME), "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
