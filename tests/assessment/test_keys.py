"""To whom a pod's keys are shown."""

from dataclasses import replace
from pathlib import Path

import pytest
from fake_layer_server import FakeLayerServer
from pydantic import SecretStr

from lamina.errors import InvalidInputError
from lamina.fingerprint import file_digest
from lamina.orders import AskLayers
from lamina.progress import Silent
from lamina.settings import Settings
from lamina.stages import worth
from lamina.stages.pod import Pod
from lamina.workspace import Workspace


@pytest.fixture
def pod(server: FakeLayerServer, tmp_path: Path) -> Pod:
    """A pod that has the key of the server."""
    server.api_key = "right"
    settings = Settings(workspace=tmp_path, api_key=SecretStr("right"))
    pod = Pod(settings, Workspace(settings).make(), Silent())
    pod.workspace.base_gguf(settings).write_bytes(b"GGUF")
    server.base, server.layers = file_digest(pod.workspace.base_gguf(settings)), {}
    return pod


def test_an_address_that_a_form_names_gets_no_key(server: FakeLayerServer, pod: Pod) -> None:
    with pytest.raises(InvalidInputError, match="gets no key"):
        worth.known_report(pod, AskLayers(server_url=server.url))


def test_the_address_of_the_pods_own_environment_gets_it(server: FakeLayerServer, pod: Pod) -> None:
    named = pod.settings.model_copy(update={"server_url": server.url})

    assert worth.known_report(replace(pod, settings=named), AskLayers()) is None
