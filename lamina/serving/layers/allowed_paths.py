"""Where a path in a request may lead: inside an allowed root, once its links are resolved."""

from collections.abc import Iterable
from pathlib import Path

from lamina.errors import InvalidInputError, NotFoundError


def allowed(path: Path, roots: Iterable[Path]) -> Path:
    """The real path. Outside the roots, existing and missing files get the same answer.

    Raises:
        InvalidInputError: it is outside, or no file or folder.
        NotFoundError: nothing is there.

    """
    real = resolved(path)
    if not any(real.is_relative_to(root) for root in roots):
        shown = ", ".join(str(root) for root in roots) or "none"
        msg = f"path {path} lies outside the allowed folders ({shown}); start with --allowed-root"
        raise InvalidInputError(msg)
    if not real.exists():
        msg = f"layer {path} is not there; check the path"
        raise NotFoundError(msg)
    if not (real.is_file() or real.is_dir()):
        msg = f"{path} is neither a file nor a folder; check the path"
        raise InvalidInputError(msg)
    return real


def resolved(path: Path) -> Path:
    """The path without links. What no file can be called is the caller's mistake.

    Raises:
        InvalidInputError: it is too long, holds a zero byte or half a character, or is a loop.

    """
    try:
        real = path.resolve()
        real.exists()  # a name that is too long shows only here
    except (OSError, ValueError, RuntimeError) as error:
        msg = f"path {str(path)[:200]!r} cannot be a file's ({error}); check it"[:600]
        raise InvalidInputError(msg) from error
    return real
