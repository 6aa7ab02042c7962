"""Turns of the watcher: announced once, in one event, and told again until it was heard."""

import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from lamina.errors import BusyError, DamagedError, InvalidInputError
from lamina.fingerprint import file_digest
from lamina.landing.inbox import Landed
from lamina.landing.notice import EventsApi, notice
from lamina.landing.watch import Turn, watch_once


class EventsServer(ThreadingHTTPServer):
    """Answers like the events API, as far as the watcher asks; keeps what it took, by id."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), EventsHandler)
        self.events: dict[str, dict[str, Any]] = {}
        self.status = 204
        self.deaf = False  # takes the event, and breaks the connection before it says so

    @property
    def api(self) -> EventsApi:
        return EventsApi(f"http://127.0.0.1:{self.server_port}/api")


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


@pytest.fixture
def server() -> Iterator[EventsServer]:
    running = EventsServer()
    Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    for name in ("Leases/a.pdf", "Leases/b.pdf", "Debt/c.pdf"):
        path = tmp_path / "raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "raw"


def turn(inbox: Path, events: EventsApi | None, **changes: Any) -> Turn:  # noqa: ANN401
    options: dict[str, Any] = {
        "resource": "lamina.workspace.test",
        "digest": file_digest,
        "hand_in": lambda _: {},
        "events": events,
        "now_s": time.time() + 60,
        "settle_s": 30,
        "patience_s": 600,
    }
    files = sorted(path for path in inbox.rglob("*") if path.is_file())
    return watch_once(inbox, files, inbox.parent / "landed.json", **options | changes)


def test_what_landed_is_one_event_with_its_layers(inbox: Path, server: EventsServer) -> None:
    turn(inbox, server.api)

    (event,) = server.events.values()
    assert event["event"] == "lamina.pdfs.landed"
    assert event["payload"]["layers"] == ["Debt", "Leases"]
    assert event["payload"]["files"] == 3


def test_the_next_turn_announces_nothing(inbox: Path, server: EventsServer) -> None:
    turn(inbox, server.api)

    again = turn(inbox, server.api)

    assert again.announced == ()
    assert len(server.events) == 1


def test_a_file_that_still_grows_holds_the_others_up(inbox: Path, server: EventsServer) -> None:
    in_between = (inbox / "Debt" / "c.pdf").stat().st_ctime + 40
    late = inbox / "Debt" / "d.pdf"
    late.write_bytes(b"half")
    os.utime(late, (in_between, in_between))

    assert turn(inbox, server.api, now_s=in_between).announced == ()
    assert len(turn(inbox, server.api, now_s=in_between + 31).announced) == 4


def test_a_file_that_grows_for_ever_holds_the_others_up_only_so_long(
    inbox: Path, server: EventsServer
) -> None:
    much_later = time.time() + 700
    growing = inbox / "Debt" / "d.pdf"
    growing.write_bytes(b"half")
    os.utime(growing, (much_later, much_later))

    assert len(turn(inbox, server.api, now_s=much_later).announced) == 3


def test_what_nobody_heard_is_sent_again_and_only_once(inbox: Path, server: EventsServer) -> None:
    away = turn(inbox, EventsApi("http://127.0.0.1:9/api"))
    back = turn(inbox, server.api)

    assert (away.waiting, away.delivered) == (1, ())
    assert len(back.delivered) == 1
    assert len(server.events) == 1
    assert turn(inbox, server.api).delivered == ()


def test_an_event_that_was_taken_but_not_confirmed_is_not_sent_twice(
    inbox: Path, server: EventsServer
) -> None:
    server.deaf = True
    unsure = turn(inbox, server.api)
    server.deaf = False
    server.status = 500  # a second sending would be seen

    sure = turn(inbox, server.api)

    assert unsure.waiting == 1
    assert len(sure.delivered) == 1


def test_without_a_server_the_event_waits(inbox: Path) -> None:
    assert "PREFECT_API_URL" in turn(inbox, None).trouble


def test_wrong_credentials_are_said_at_once(inbox: Path, server: EventsServer) -> None:
    server.status = 401

    with pytest.raises(InvalidInputError, match="PREFECT_API_AUTH_STRING"):
        turn(inbox, server.api)


def test_a_server_in_trouble_is_tried_again_later(server: EventsServer) -> None:
    server.status = 503

    with pytest.raises(BusyError, match="503"):
        server.api.deliver(notice("lamina.test", "lamina.workspace.test", {}))


def test_files_that_could_not_be_handed_in_are_not_announced(
    inbox: Path, server: EventsServer
) -> None:
    def broken(_: tuple[Landed, ...]) -> dict[str, Any]:
        msg = "the depot is away"
        raise BusyError(msg)

    with pytest.raises(BusyError):
        turn(inbox, server.api, hand_in=broken)

    assert len(turn(inbox, server.api).announced) == 3


def _watch(inbox: Path, url: str) -> None:
    turn(inbox, EventsApi(url))


def test_two_watchers_at_once_announce_once(inbox: Path, server: EventsServer) -> None:
    url = f"http://127.0.0.1:{server.server_port}/api"
    watchers = [
        multiprocessing.get_context("spawn").Process(target=_watch, args=(inbox, url))
        for _ in range(4)
    ]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join()

    assert [watcher.exitcode for watcher in watchers] == [0, 0, 0, 0]
    assert len(server.events) == 1


def test_a_broken_ledger_is_an_error_with_its_remedy(inbox: Path, server: EventsServer) -> None:
    (inbox.parent / "landed.json").write_text("{")

    with pytest.raises(DamagedError, match="move it away"):
        turn(inbox, server.api)
