"""Web pages of other servers: what a browser lets them send to a server without a key."""

import httpx
import pytest

from lamina.serving.http.guard.origins import foreign_host, foreign_page, is_loopback


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("lamina.localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - the address that means every one
        ("192.168.1.5", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_only_this_machines_own_names_are_loopback(host: str, *, own: bool) -> None:
    assert own == is_loopback(host)


@pytest.mark.parametrize(
    ("host", "foreign"),
    [
        (b"localhost:5000", False),
        (b"127.0.0.1", False),
        (b"[::1]:5000", False),
        (b"", False),
        (b"evil.example:5000", True),
        (b"127.0.0.1.evil.example", True),
        (b"localhost@evil.example", True),
        (b"[::1", True),
    ],
)
def test_a_host_that_is_not_the_loopbacks_is_foreign(host: bytes, *, foreign: bool) -> None:
    assert foreign == (foreign_host({b"host": host}) is not None)


@pytest.mark.parametrize(
    ("method", "headers", "foreign"),
    [
        ("POST", {}, False),  # a program
        ("POST", {b"sec-fetch-site": b"same-origin"}, False),
        ("POST", {b"sec-fetch-site": b"none"}, False),
        ("POST", {b"sec-fetch-site": b"same-site"}, True),  # another port of this machine
        ("POST", {b"sec-fetch-site": b"cross-site"}, True),
        ("GET", {b"sec-fetch-site": b"cross-site"}, False),  # it cannot read the answer
        ("POST", {b"origin": b"http://localhost:5000", b"host": b"localhost:5000"}, False),
        ("POST", {b"origin": b"http://localhost:3000", b"host": b"localhost:5000"}, True),
        ("POST", {b"origin": b"null", b"host": b"localhost:5000"}, True),
        ("DELETE", {b"origin": b"https://evil.example", b"host": b"localhost:5000"}, True),
    ],
)
def test_a_page_of_another_origin_is_foreign(
    method: str, headers: dict[bytes, bytes], *, foreign: bool
) -> None:
    assert foreign == foreign_page(method, headers)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Content-Type": "text/plain"}, 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 400),
    ],
)
def test_a_foreign_page_cannot_change_the_default(
    http: httpx.Client, headers: dict[str, str], status: int
) -> None:
    known = {"Content-Type": "application/json", **headers}
    reply = http.post("/lora-adapters", content='[{"name": "A"}]', headers=known)

    assert status == reply.status_code
    assert {0.0} == {layer["scale"] for layer in http.get("/lora-adapters").json()}


def test_probes_may_come_under_any_name(http: httpx.Client) -> None:
    assert http.get("/ready", headers={"Host": "pod-7.internal"}).status_code == 200
