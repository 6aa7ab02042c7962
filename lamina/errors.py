"""One tree of errors; a class exists only where a caller reacts differently.

Every message is one sentence (or two) that says what happened, to which object, and what to do now.
The command line prints it and exits with `exit_code`; the server answers with `status`. `foreseen`
says it for what others raise: full and read-only disks, an interruption, memory that ran out.
"""

import errno
import sys


class LaminaError(Exception):
    """Anything Lamina can foresee: printed without a traceback."""

    exit_code = 1
    status = 500


class InvalidInputError(LaminaError):
    """The caller asked for something that cannot be: a bad name, an unknown preset, a bad value."""

    exit_code = 2
    status = 400


class NotFoundError(LaminaError):
    """Something that the request names is not there."""

    exit_code = 3
    status = 404


class MismatchError(LaminaError):
    """Two things that do not belong together, such as a layer and a base it was not made for."""

    exit_code = 4
    status = 409


class DamagedError(LaminaError):
    """A file or artifact is not what it claims to be: cut short, altered, or of another format."""

    exit_code = 5
    status = 422


class BusyError(LaminaError):
    """A resource is taken at present: a port, a full queue. Trying again later can help."""

    exit_code = 6
    status = 503


class ResourceError(LaminaError):
    """The machine lacks something: disk space, write permission, memory, a GPU, a program."""

    exit_code = 7
    status = 507


class StoppedError(LaminaError):
    """A person ended the command with Ctrl-C; what was done so far is kept."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__("stopped; run it again to go on")


def foreseen(error: BaseException) -> LaminaError | None:
    """The error as a person is told of it; None for a fault of Lamina's own, which needs its trace.

    Any process that a person starts asks here, so that all of them say the same.
    """
    match error:
        case LaminaError():
            return error
        case KeyboardInterrupt():
            return StoppedError()
        case MemoryError():
            return ResourceError("memory ran out; end other programs, and run again")
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return full_disk(error.filename)
        case OSError(errno=errno.EROFS | errno.EACCES | errno.EPERM) if error.filename:
            return ResourceError(
                f"{error.filename} cannot be used ({error.strerror}); correct its permissions, "
                "or choose a writable workspace with LAMINA_WORKSPACE"
            )
    return None


def ending(error: BaseException, *, debug: bool = False) -> int:
    """Tell a person what ended the process; the exit code.

    What nobody foresaw is raised again, and so is everything with `debug`.
    """
    told = foreseen(error)
    if told is None or debug:
        raise error
    print(told if isinstance(told, StoppedError) else f"error: {told}", file=sys.stderr)
    return told.exit_code


def full_disk(path: object = None) -> ResourceError:
    """The disk was full in the middle of something."""
    where = f" under {path}" if path else ""
    return ResourceError(
        f"the disk{where} is full; free some space (`lamina gc` removes what nothing needs), "
        "and run again to go on"
    )


def size(n_bytes: float) -> str:
    """Bytes in the unit that leaves one to three digits before the point: `4.2 MB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000:  # noqa: PLR2004 - of each unit in the next
            return f"{n_bytes:.0f} {unit}" if unit == "bytes" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"
