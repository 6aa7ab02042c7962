"""The port, the layer server, Prefect."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from examined import examined
from fake_layer_server import FakeLayerServer
from loopback import listening

from lamina.doctor import services
from lamina.settings import Settings
from lamina.workspace import Workspace


@pytest.fixture
def server() -> Iterator[FakeLayerServer]:
    with FakeLayerServer(layers={"Leases": "1" * 64}).running() as fake:
        yield fake


@pytest.fixture
def stranger() -> Iterator[str]:
    """A web server that is not Lamina's."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

    with listening(Handler) as url:
        yield url


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def test_a_free_port_and_no_server_are_well(settings: Settings) -> None:
    found = examined(settings)

    assert found["port"].level == "ok"
    assert found["server"].level == "ok"
    assert "lamina serve" in found["server"].sentence


def test_our_own_server_may_hold_the_port(settings: Settings, server: FakeLayerServer) -> None:
    found = examined(settings.model_copy(update={"port": port_of(server.url)}))

    assert found["port"].level == "ok"
    assert found["server"].level == "ok"
    assert found["served layers"].sentence == "the server lists 1"


def test_another_program_on_the_port_is_a_problem(settings: Settings, stranger: str) -> None:
    found = examined(settings.model_copy(update={"port": port_of(stranger)}))

    assert found["port"].level == "problem"
    assert "LAMINA_PORT" in found["port"].remedy
    assert found["server"].level == "problem"


def test_a_server_that_was_named_must_answer(settings: Settings) -> None:
    away = f"http://127.0.0.1:{settings.port}"

    found = examined(settings.model_copy(update={"server_url": away}))

    assert found["server"].level == "problem"
    assert "LAMINA_SERVER_URL" in found["server"].remedy


def test_a_server_that_still_loads_is_a_warning() -> None:
    healthy, loading = services.Heard(200, {"status": "ok"}), services.Heard(503, {})

    assert services.server("http://x", healthy, loading, wanted=True).level == "warning"


def test_layers_that_the_server_does_not_list_are_named(
    settings: Settings, server: FakeLayerServer
) -> None:
    chosen = settings.model_copy(update={"server_url": server.url})
    (Workspace(chosen).make().adapters_gguf / "Fresh.gguf").touch()

    found = examined(chosen)

    assert found["served layers"].level == "warning"
    assert "Fresh" in found["served layers"].sentence


def test_a_layer_that_the_server_cannot_use_is_a_problem() -> None:
    listed = services.Heard(200, [{"name": "A", "problem": "made for another base"}])

    finding = services.served_layers(listed, {})

    assert finding is not None
    assert finding.level == "problem"
    assert "made for another base" in finding.sentence


def test_prefect_is_asked_where_it_is_named(
    settings: Settings, server: FakeLayerServer, stranger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert examined(settings)["prefect"].level == "ok"

    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{settings.port}/api")
    assert examined(settings)["prefect"].level == "problem"

    monkeypatch.setenv("PREFECT_API_URL", f"{stranger}/api")
    assert "status 404" in examined(settings)["prefect"].sentence

    monkeypatch.setenv("PREFECT_API_URL", server.url)
    assert examined(settings)["prefect"].level == "ok"
