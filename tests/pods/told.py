"""A webhook on loopback, and a house that tells it what happens."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from house import ROOT, House


@dataclass
class Told:
    """What the webhook was told, the oldest first."""

    bodies: list[dict[str, Any]] = field(default_factory=list)

    def of(self, about: str, words: str) -> list[str]:
        """The texts about a matter that hold these words."""
        texts = [str(one["text"]) for one in list(self.bodies) if one["about"] == about]
        return [text for text in texts if words in text]


@contextmanager
def telling(house: House) -> Iterator[Told]:
    """From now on the house's server tells what happens, as its owner would have it."""
    told = Told()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            told.bodies.append(json.loads(self.rfile.read(length)))
            self.send_response(204)
            self.end_headers()

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=web.serve_forever, args=(0.01,))
    thread.start()
    try:
        _name(house, f"http://127.0.0.1:{web.server_port}")
        yield told
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


def _name(house: House, url: str) -> None:
    """Make the block, and have the bootstrap make its automations."""
    kind = house.ask("/block_types/slug/webhook")
    wanted = {"block_schemas": {"block_type_id": {"any_": [kind["id"]]}}}
    (schema, *_) = house.ask("/block_schemas/filter", wanted)
    house.ask(
        "/block_documents/",
        {
            "name": "alerts",
            "data": {"url": url},
            "block_type_id": kind["id"],
            "block_schema_id": schema["id"],
        },
    )
    environment = {
        **house.environment,
        "PREFECT_API_URL": house.api_url,
        "LAMINA_NOTIFY": "webhook/alerts",
        "LAMINA_NOTIFY_LATE_MINUTES": "0.2",
        "PREFECT_HOME": str(house.root / "prefect"),
        "PATH": os.environ["PATH"],
    }
    bootstrap = [sys.executable, "deployments/bootstrap.py"]
    subprocess.run(bootstrap, cwd=ROOT, env=environment, check=True, timeout=100)
