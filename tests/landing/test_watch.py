"""Turns of the watcher: announced once, by one wake-up, which is told until it was heard."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from events_server import EventsServer
from forks import at_once

from lamina.errors import BusyError, DamagedError, InvalidInputError
from lamina.fingerprint import file_digest
from lamina.landing.inbox import Landed
from lamina.landing.notice import EventsApi, Notice, Outbox
from lamina.landing.watch import Turn, watch_once
from lamina.prefect_api import prefect_client


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
        "hand_in": lambda _: None,
        "outbox": Outbox(inbox.parent / "wake_ups.json"),
        "events": events,
        "now_s": time.time() + 60,
        "settle_s": 30,
        "patience_s": 600,
    }
    files = sorted(path for path in inbox.rglob("*") if path.is_file())
    return watch_once(inbox, files, inbox.parent / "landed.json", **options | changes)


def test_what_landed_is_one_wake_up_that_says_nothing_of_it(
    inbox: Path, server: EventsServer
) -> None:
    seen = turn(inbox, server.api)

    (event,) = server.events.values()
    assert (event["event"], event["payload"]) == ("lamina.pdfs.landed", {})
    assert len(seen.announced) == 3


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
    away = turn(inbox, EventsApi(prefect_client("http://127.0.0.1:9/api"))).told
    back = turn(inbox, server.api).told

    assert (away.waiting, away.delivered) == (("lamina.pdfs.landed",), ())
    assert (back.waiting, back.delivered) == ((), ("lamina.pdfs.landed",))
    assert turn(inbox, server.api).told.delivered == ()
    assert len(server.taken) == 1
    assert (inbox.parent / "wake_ups.json").read_text() == "{}"  # nobody is asked of it any more


def test_a_server_that_forgot_what_it_took_is_told_again_under_the_same_id(
    inbox: Path, server: EventsServer
) -> None:
    turn(inbox, server.api)
    server.events.clear()  # it died before it wrote it down

    for _ in range(3):
        turn(inbox, server.api)

    assert len(server.taken) == 2
    assert len(set(server.taken)) == 1


def test_what_lands_while_a_wake_up_waits_needs_no_second_one(
    inbox: Path, server: EventsServer
) -> None:
    turn(inbox, EventsApi(prefect_client("http://127.0.0.1:9/api")))
    (inbox / "Debt" / "e.pdf").write_bytes(b"later")
    turn(inbox, EventsApi(prefect_client("http://127.0.0.1:9/api")))

    turn(inbox, server.api)

    assert len(server.taken) == 1


def test_what_lands_after_a_wake_up_was_sent_is_told_again(
    inbox: Path, server: EventsServer
) -> None:
    server.deaf = True  # nobody knows whether it arrived
    turn(inbox, server.api)
    server.deaf = False
    (inbox / "Debt" / "e.pdf").write_bytes(b"later")

    turn(inbox, server.api)

    assert len(set(server.taken)) == 2


def test_without_a_server_the_event_waits(inbox: Path) -> None:
    assert "PREFECT_API_URL" in turn(inbox, None).told.trouble


def test_wrong_credentials_are_said_at_once(inbox: Path, server: EventsServer) -> None:
    server.status = 401

    with pytest.raises(InvalidInputError, match="PREFECT_API_AUTH_STRING"):
        turn(inbox, server.api)


def test_a_server_in_trouble_is_tried_again_later(server: EventsServer) -> None:
    server.status = 503

    with pytest.raises(BusyError, match="503"):
        server.api.deliver(Notice(event="lamina.test", resource="lamina.workspace.test"))


def test_files_that_could_not_be_handed_in_are_not_announced(
    inbox: Path, server: EventsServer
) -> None:
    def broken(_: tuple[Landed, ...]) -> None:
        msg = "the depot is away"
        raise BusyError(msg)

    with pytest.raises(BusyError):
        turn(inbox, server.api, hand_in=broken)

    assert len(turn(inbox, server.api).announced) == 3


def test_two_watchers_at_once_announce_once(inbox: Path, server: EventsServer) -> None:
    codes = at_once([lambda: turn(inbox, server.api)] * 4)

    assert codes == [0, 0, 0, 0]
    assert len(server.events) == 1


def test_a_broken_ledger_is_an_error_with_its_remedy(inbox: Path, server: EventsServer) -> None:
    (inbox.parent / "landed.json").write_text("{")

    with pytest.raises(DamagedError, match="move it away"):
        turn(inbox, server.api)
