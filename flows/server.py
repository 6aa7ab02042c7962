"""A Prefect server of the flow's own, where none is named: it lives and ends with the flow.

Prefect would start one itself. Ours has a session of its own, since Ctrl-C goes to the terminal's
whole process group: Prefect's dies of it, and the flow asks a dead server for 70 seconds. One that
cannot start is told of at once, with the reason. The kernel ends it when the flow's process is
gone, however that went.
"""

import atexit
import ctypes
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress

from lamina.errors import ResourceError

_PR_SET_PDEATHSIG = 1  # of Linux's prctl
_READY_WITHIN_S = 120
_STOPS_WITHIN_S = 3


class OwnServer:
    """A port at once, so that Prefect can be told the address; the server itself later."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))  # nobody listens yet: who asks is refused
        self._port: int = self._socket.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints = os.memfd_create("complaints")  # the disk may be full

    @property
    def url(self) -> str:
        """What `PREFECT_API_URL` would be."""
        return f"http://127.0.0.1:{self._port}/api"

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            ResourceError: it ended instead.

        """
        self._socket.listen(128)
        number = self._socket.fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flows.server", str(number), str(os.getpid())],
            pass_fds=[number],
            stdin=subprocess.DEVNULL,
            stderr=self._complaints,
            start_new_session=True,
        )
        atexit.register(self.stop)  # after Prefect's threads have said their last
        self._socket.close()
        answer = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_READY_WITHIN_S)
        try:
            answer.request("GET", "/api/health")
            answer.getresponse().read()
        except (OSError, http.client.HTTPException) as silent:
            raise ResourceError(self._why()) from silent
        finally:
            answer.close()

    def stop(self) -> None:
        """End it, and wait until its records are written."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOPS_WITHIN_S)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _why(self) -> str:
        said = os.pread(self._complaints, 1 << 20, 0).decode(errors="replace")
        (*_, cause) = ["it says nothing", *re.findall(r"^[\w.]+Error: .*", said, re.MULTILINE)]
        return (
            f"Prefect's server for this run cannot start ({cause}); look at the disk and the "
            "memory, or name a running server with PREFECT_API_URL, and run again"
        )


def serve(number: int, parent: int) -> None:
    """Be the server, on a socket that listens; until told to end, or the parent is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it went before we asked
        return
    from prefect.server.api.server import create_app
    from uvicorn import Config, Server

    app = create_app(ephemeral=True, final=True)
    config = Config(app, log_level="error", lifespan="on", timeout_graceful_shutdown=1)
    Server(config).run(sockets=[socket.socket(fileno=number)])


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:3]))
