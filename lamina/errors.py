"""One tree of errors; a class exists only where a caller reacts differently.

Every message is one sentence (or two) that says what happened, to which object, and what to do now.
The command line prints it and exits with `exit_code`; the server answers with `status`.
"""


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
