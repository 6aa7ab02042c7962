"""A tiny base with three layers, and one server for all tests that ask over HTTP.

All are made once a session; with several workers each has its own.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import tiny_gguf

from lamina.serving.launch import running_server

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # or OpenMP's threads spin where others wait


@pytest.fixture(scope="session")
def base_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gguf.write_base(tmp_path_factory.mktemp("base") / "mini.gguf")


@pytest.fixture(scope="session")
def layer_folder(tmp_path_factory: pytest.TempPathFactory, base_gguf: Path) -> Path:
    """Three layers, A, B and C, each with a strong effect."""
    folder = tmp_path_factory.mktemp("layers")
    for seed, name in enumerate("ABC", start=10):
        tiny_gguf.write_layer(folder / f"{name}.gguf", base_gguf, seed=seed)
    return folder


@pytest.fixture(scope="session")
def served_folder(tmp_path_factory: pytest.TempPathFactory, layer_folder: Path) -> Path:
    """The shared server's adapters folder. A test that puts something there takes it away again."""
    folder = tmp_path_factory.mktemp("served")
    for path in layer_folder.glob("*.gguf"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shared server's."""
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="session")
def server_url(base_gguf: Path, served_folder: Path, workspace: Path) -> Iterator[str]:
    more = ["--max-body-mb", "1"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAMINA_WORKSPACE", str(workspace))
        with running_server(
            base_gguf, adapters=served_folder, n_ctx=512, n_threads=1, more=more
        ) as url:
            yield url


@pytest.fixture
def http(server_url: str) -> Iterator[httpx.Client]:
    """A client of the shared server, whose default is the base again afterwards."""
    with httpx.Client(base_url=server_url, timeout=60, trust_env=False) as client:
        yield client
        client.post("/lora-adapters", json=[])


@pytest.fixture
def say(http: httpx.Client) -> Callable[..., str]:
    """Ask for a greedy completion; returns its text."""

    def ask(model: str | None = None, prompt: str = "the lease", **more: object) -> str:
        body = {"prompt": prompt, "temperature": 0, "max_tokens": 12, **more}
        body |= {"model": model} if model else {}
        reply = http.post("/v1/completions", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()["choices"][0]["text"]

    return ask
