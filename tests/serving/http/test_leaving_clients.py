"""Clients that leave before their answer is there."""

import json
import socket
from urllib.parse import urlsplit

import pytest
from figures import figures, until

LONG = {"prompt": "the", "n": 16, "max_tokens": 450, "ignore_eos": True}
TEXTS = [f"the lease term {number} is paid in March " * 8 for number in range(600)]


def leave(url: str, path: str, body: dict) -> None:
    """Ask, and close the connection as soon as the server works on it."""
    raw = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(f"{head}Content-Length: {len(raw)}\r\n\r\n".encode() + raw)
        until(url, busy=True)


@pytest.mark.parametrize(
    ("path", "body", "tokens"),
    [
        ("/v1/completions", {**LONG, "stream": True}, 16 * 450),
        ("/v1/completions", LONG, 16 * 450),
        ("/v1/score", {"texts": TEXTS}, 600 * 60),
    ],
    ids=["a stream", "a whole answer", "scores"],
)
def test_a_client_that_leaves_frees_every_slot(
    server_url: str, path: str, body: dict, tokens: int
) -> None:
    before = figures(server_url)["lamina_step_tokens_total"]
    leave(server_url, path, body)
    after = until(server_url, busy=False, looks=5)["lamina_step_tokens_total"]

    assert after - before < tokens
