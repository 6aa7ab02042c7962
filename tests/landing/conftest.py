"""A server that is told of what landed."""

from collections.abc import Iterator
from threading import Thread

import pytest
from events_server import EventsServer


@pytest.fixture
def server() -> Iterator[EventsServer]:
    running = EventsServer()
    Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()
