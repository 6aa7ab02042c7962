"""A wire that can be cut: forwards TCP on loopback, counts bytes, breaks where it is told."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Wire:
    """Each connection takes the next of `cuts`: (bytes up, bytes down) after which it breaks."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.up = self.down = self.connections = 0
        self.cuts: list[tuple[int | None, int | None]] = []
        self.refusing = False
        self.refusals = 0  # so many of the next calls it refuses
        self.last_up: int | None = None  # after so many bytes up in all it refuses for good
        self._target = target
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.refusing or self.refusals:
                self.refusals = max(0, self.refusals - 1)
                near.close()
                continue
            self.connections += 1
            far = socket.create_connection(self._target)
            self._open += [near, far]
            up, down = self.cuts.pop(0) if self.cuts else (None, None)
            for source, sink, limit, way in ((near, far, up, "up"), (far, near, down, "down")):
                threading.Thread(
                    target=self._pump, args=(source, sink, limit, way), daemon=True
                ).start()

    def _pump(
        self, source: socket.socket, sink: socket.socket, limit: int | None, way: str
    ) -> None:
        moved = 0
        with suppress(OSError):
            while limit is None or moved < limit:
                data = source.recv(1 << 16)
                if not data:
                    break
                sink.sendall(data)
                moved += len(data)
                setattr(self, way, getattr(self, way) + len(data))
                if self.last_up is not None and self.up >= self.last_up:
                    self.refusing = True
                    break
        for end in (source, sink):
            hang_up(end)

    def close(self) -> None:
        self._listener.close()
        for end in self._open:
            hang_up(end)


def hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    wire = Wire(("127.0.0.1", port))
    try:
        yield wire
    finally:
        wire.close()
