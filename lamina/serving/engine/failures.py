"""What a request is told when the engine cannot go on with it."""

import traceback

from lamina.errors import BusyError, ResourceError


def unforeseen(error: Exception) -> ResourceError:
    """What the request is told; the log gets the trace."""
    traceback.print_exception(error)
    kind = type(error).__name__
    return ResourceError(f"the engine could not run this request ({kind}); look at its log")


def stopping() -> BusyError:
    """The engine takes nothing more and ends what runs."""
    return BusyError("the server is stopping; try another one, or later")
