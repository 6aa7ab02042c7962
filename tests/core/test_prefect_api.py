"""How Prefect is reached: with which credentials, whose certificates, through which proxy."""

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lamina.errors import InvalidInputError
from lamina.settings import load

Serve = Callable[..., str]


class Handler(BaseHTTPRequestHandler):
    heard: list[tuple[str, str]]

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""

    def do_POST(self) -> None:
        self.heard.append((self.path, self.headers.get("Authorization", "")))
        self.send_response(204)
        self.end_headers()


@pytest.fixture
def heard() -> list[tuple[str, str]]:
    """Path and credentials of every request."""
    return []


@pytest.fixture
def serve(heard: list[tuple[str, str]]) -> Iterator[Serve]:
    running = []

    def serve(certificate: Path | None = None) -> str:
        handler = type("Heard", (Handler,), {"heard": heard})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        running.append(server)
        return f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}"

    yield serve
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """One that nobody but its owner knows, with its private key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a house's own")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "own.pem"
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = serialization.Encoding.PEM
    path.write_bytes(key.private_bytes(pem, *form) + made.public_bytes(pem))
    return path


def post(**named: object) -> int:
    client = load(**named).prefect()
    assert client is not None
    return client.post("/events", json=[]).status_code


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, ""),
        ({"events_key": "pnu_1"}, "Bearer pnu_1"),
        ({"events_key": "pnu_1", "events_auth": "me:it"}, "Basic bWU6aXQ="),
    ],
)
def test_credentials_are_sent_or_else_the_key_of_prefect_cloud(
    serve: Serve, heard: list[tuple[str, str]], given: dict[str, str], said: str
) -> None:
    post(events_url=f"{serve()}/api/accounts/1", **given)

    assert heard == [("/api/accounts/1/events", said)]


def test_a_server_with_a_certificate_of_ones_own_is_trusted_where_it_is_named(
    serve: Serve, certificate: Path
) -> None:
    url = serve(certificate)

    assert post(events_url=url, events_ca=certificate) == 204
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        post(events_url=url)


def test_proxies_lead_elsewhere_and_not_to_this_machine(
    serve: Serve, heard: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", serve())

    post(events_url="http://prefect.example/api")
    post(events_url=f"{serve()}/api")

    assert [path for path, _ in heard] == ["http://prefect.example/api/events", "/api/events"]


def test_a_proxy_of_another_kind_is_no_matter_of_this_machines_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")

    assert load(events_url="http://127.0.0.1:4200/api").prefect()
    with pytest.raises(InvalidInputError, match="SOCKS is not spoken"):
        load(events_url="http://prefect.example/api").prefect()


@pytest.mark.parametrize(
    "wrong",
    [
        {"events_url": "http://[::1"},
        {"events_url": "http://x", "events_ca": "/none.pem"},
        {"events_url": "http://x", "events_key": "clé"},
    ],
)
def test_what_is_wrong_is_said_with_what_to_correct(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError, match="correct PREFECT_API_URL"):
        load(**wrong).prefect()
