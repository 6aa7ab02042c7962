"""Connections that bring nothing or read nothing, and bodies without an end."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import ClassVar

import pytest
import uvicorn

from lamina.serving.http.guard.connections import Impatient
from lamina.serving.http.guard.keys import Keys
from lamina.serving.http.guard.limits import Limits, Receive, Scope, Send

HEAD = {"type": "http.response.start", "status": 200, "headers": []}
PIECE = {"type": "http.response.body", "body": b"x" * 65536, "more_body": True}


class Hasty(Impatient):
    look_every_s = 0.2
    ended: ClassVar[set[int]] = set()  # the clients' ports

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.ended.add(self.client[1])


def is_ended(connection: socket.socket) -> bool:
    """Whether the server ends it, before anybody would give this machine up."""
    for _ in range(6000):
        if connection.getsockname()[1] in Hasty.ended:
            return True
        time.sleep(0.01)
    return False


async def answers(scope: Scope, _receive: Receive, send: Send) -> None:
    """`/much` sends more than anybody keeps; `/slow` thinks for longer than a look."""
    await send(HEAD)
    if scope["path"] == "/much":
        for _ in range(1000):
            await send(PIECE)
    await asyncio.sleep(0.7)
    await send({"type": "http.response.body", "body": b"done"})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    config = uvicorn.Config(answers, http=Hasty, lifespan="off", ws="none", log_level="error")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: local"])
def test_a_request_that_never_comes_whole_loses_its_connection(port: int, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(sent)

        assert is_ended(connection)


def test_an_answer_that_nobody_reads_loses_its_connection(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert is_ended(connection)
        size = 0
        with suppress(ConnectionResetError):
            while part := connection.recv(1 << 20):
                size += len(part)

    assert size < 1000 * len(PIECE["body"])


def test_an_answer_that_takes_its_time_is_left_alone(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        connection.settimeout(60)
        said = b""
        while part := connection.recv(4096):
            said += part

    assert b"done" in said


async def reads_everything(_scope: Scope, receive: Receive, send: Send) -> None:
    """As the web framework does, an error while reading becomes an answer of its own."""
    try:
        while (await receive())["more_body"]:
            pass
    except Exception:  # noqa: BLE001 - whatever it is
        await send({**HEAD, "status": 400})
    else:
        await send(HEAD)


def ask(limits: Limits, *pieces: bytes, ends: bool = True) -> tuple[int, str]:
    """Status and message for a body that comes in pieces and then ends, or hangs."""
    left, sent = list(pieces), []

    async def receive() -> dict[str, object]:
        if not left and not ends:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or not ends}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/x", "headers": []}
    asyncio.run(limits(scope, receive, send))
    body = json.loads(sent[1]["body"]) if len(sent) > 1 else {"error": {"message": ""}}
    return sent[0]["status"], body["error"]["message"]


@pytest.fixture
def limits() -> Limits:
    return Limits(reads_everything, keys=Keys(), max_body_bytes=10, body_within_s=0.1)


def test_a_body_that_fits_is_read(limits: Limits) -> None:
    assert ask(limits, b"12345", b"67890")[0] == 200


def test_a_body_without_a_length_is_too_large_as_soon_as_it_is(limits: Limits) -> None:
    status, message = ask(limits, b"12345", b"678901")

    assert status == 413
    assert "larger than 10 bytes" in message


def test_a_body_that_stops_coming_is_given_up(limits: Limits) -> None:
    status, message = ask(limits, b"123", ends=False)

    assert status == 408
    assert "send it again" in message
