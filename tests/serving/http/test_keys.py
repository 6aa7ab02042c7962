"""Which key opens which call."""

import pytest

from lamina.serving.http.guard.keys import Keys

ASK = ("POST", "/v1/completions")
CHANGES = [
    ("POST", "/lora-adapters"),
    ("PUT", "/blends/x"),
    ("DELETE", "/blends/x"),
    ("POST", "/selftest/swap"),
]
READS = [("GET", "/lora-adapters"), ("GET", "/blends"), ("GET", "/metrics"), ASK]


def status(keys: Keys, call: tuple[str, str], given: str | None) -> int:
    """What a call with this key is answered by the guard; 200 where it lets it pass."""
    headers = {} if given is None else {b"authorization": f"Bearer {given}".encode()}
    refusal = keys.refusal(*call, headers)
    return refusal[0] if refusal else 200


@pytest.mark.parametrize("call", [*READS, *CHANGES])
@pytest.mark.parametrize(("given", "expected"), [(None, 401), ("no", 401), ("ask", 200)])
def test_one_key_opens_everything(call: tuple[str, str], given: str, expected: int) -> None:
    assert expected == status(Keys("ask"), call, given)


@pytest.mark.parametrize("call", CHANGES)
@pytest.mark.parametrize("given", ["ask", "admin", None])
def test_only_the_admin_key_changes_the_server(call: tuple[str, str], given: str) -> None:
    expected = {"ask": 403, "admin": 200, None: 401}[given]

    assert expected == status(Keys("ask", "admin"), call, given)


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize("given", ["ask", "admin"])
def test_both_keys_ask(call: tuple[str, str], given: str) -> None:
    assert status(Keys("ask", "admin"), call, given) == 200


def test_an_admin_key_alone_guards_changes_only() -> None:
    keys = Keys(None, "admin")

    assert {status(keys, call, None) for call in READS} == {200}
    assert {status(keys, call, None) for call in CHANGES} == {401}
    assert {status(keys, call, "admin") for call in CHANGES} == {200}


@pytest.mark.parametrize("path", ["/health", "/ready", "/", "/docs", "/openapi.json"])
def test_probes_and_pages_need_no_key(path: str) -> None:
    assert status(Keys("ask", "admin"), ("GET", path), None) == 200


def test_without_keys_nothing_is_asked_for() -> None:
    assert {status(Keys(), call, None) for call in [*READS, *CHANGES]} == {200}


@pytest.mark.parametrize("header", [b"", b"Bearer", b"Basic ask", b"ask", b"Bearer  "])
def test_a_header_of_another_form_opens_nothing(header: bytes) -> None:
    assert Keys("ask").refusal(*ASK, {b"authorization": header}) is not None
