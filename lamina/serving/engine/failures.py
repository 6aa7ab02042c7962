"""An error nobody foresaw, as its request is told."""

import traceback

from lamina.errors import ResourceError


def unforeseen(error: Exception) -> ResourceError:
    """What the request is told; the log gets the trace."""
    traceback.print_exception(error)
    kind = type(error).__name__
    return ResourceError(f"the engine could not run this request ({kind}); look at its log")
