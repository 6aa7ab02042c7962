"""An events API to be told of what landed; it can be away, deaf, or forgetful."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lamina.landing.notice import EventsApi
from lamina.prefect_api import prefect_client


class EventsServer(ThreadingHTTPServer):
    """Answers like the events API, as far as the watcher asks; keeps what it took, by id."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), EventsHandler)
        self.events: dict[str, dict[str, Any]] = {}
        self.status = 204
        self.deaf = False  # takes the event, and breaks the connection before it says so
        self.taken: list[str] = []  # every sending

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api"

    @property
    def api(self) -> EventsApi:
        return EventsApi(prefect_client(self.url))


class EventsHandler(BaseHTTPRequestHandler):
    server: EventsServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/events/filter":
            wanted = body["filter"]["id"]["id"]
            found = [self.server.events[one] for one in wanted if one in self.server.events]
            self._answer(200, json.dumps({"events": found}).encode())
            return
        if self.server.status == 204:
            self.server.events.update({one["id"]: one for one in body})
            self.server.taken += [one["id"] for one in body]
        if self.server.deaf:
            self.close_connection = True
            return
        self._answer(self.server.status, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
