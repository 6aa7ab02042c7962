"""Pods with stores of their own, and depots of every kind between them."""

import logging
import random
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders import MakePod
from pods import pod_on
from ssh_server import SshServer, ssh_server
from wire import Wire, wire_to

from lamina.artifacts import ArtifactRef
from lamina.stages.pod import Pod
from lamina.store import Stage

STAGE = Stage("export", 1)
BUCKET = "lamina"


@pytest.fixture
def make_pod(tmp_path: Path) -> MakePod:
    """A pod named so, with these settings."""

    def make(name: str, **chosen: object) -> Pod:
        return pod_on(tmp_path / name, "tiny", **{"store_patience_s": 5, **chosen})

    return make


@pytest.fixture
def pods(make_pod: MakePod, tmp_path: Path) -> list[Pod]:
    """Five that serve, over one folder."""
    return [make_pod(f"cpu-{number}", store_url=str(tmp_path / "depot")) for number in range(5)]


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with ssh_server(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    """moto's S3, over HTTP on loopback."""
    moto = pytest.importorskip("moto.server", reason="moto[server] is not installed")
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else a line for each request
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield port
    server.stop()


@pytest.fixture
def bucket(s3_port: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket's name."""
    import boto3

    for name, value in {"ACCESS_KEY_ID": "me", "SECRET_ACCESS_KEY": "x", "REGION": "x"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    name = f"{BUCKET}-{uuid.uuid4().hex}"
    boto3.client("s3", endpoint_url=f"http://127.0.0.1:{s3_port}").create_bucket(Bucket=name)
    return name


@pytest.fixture
def depot(tmp_path: Path) -> dict[str, object]:
    """The settings of an empty depot: a folder, where a module has no other."""
    return {"store_url": str(tmp_path / "depot")}


@pytest.fixture(params=["folder", "sftp", "s3"])
def every_depot(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, object]:
    """The settings of an empty depot, one test for each kind."""
    if request.param == "folder":
        return {"store_url": str(tmp_path / "depot")}
    if request.param == "sftp":
        return sftp_depot(request.getfixturevalue("sshd"), tmp_path)
    port, bucket = (request.getfixturevalue(name) for name in ("s3_port", "bucket"))
    return {
        "store_url": f"s3://{bucket}/depot",
        "store_s3_endpoint": f"http://127.0.0.1:{port}",
    }


@pytest.fixture
def over_ssh(sshd: SshServer, tmp_path: Path) -> Callable[[int], dict[str, object]]:
    """The settings of an SFTP depot that is reached through this port."""
    return lambda port: sftp_depot(sshd, tmp_path, port)


def sftp_depot(sshd: SshServer, folder: Path, port: int | None = None) -> dict[str, object]:
    port = port or sshd.port
    return {
        "store_url": f"sftp://{sshd.user}@127.0.0.1:{port}{folder}/depot",
        "store_key_file": sshd.key,
        "store_known_hosts": sshd.known_hosts(port),
    }


@pytest.fixture
def make_layer() -> Callable[..., ArtifactRef]:
    """A layer's file in the pod's store: random bytes, so nothing is saved by compressing."""

    def make(pod: Pod, layer: str = "Leases", size: int = 50_000, seed: object = 1) -> ArtifactRef:
        def fill(folder: Path) -> dict[str, object]:
            drawn = random.Random(f"{pod.workspace.root.name} {layer} {seed}").randbytes(size)
            (folder / "adapter.gguf").write_bytes(drawn)
            (folder / "notes").mkdir()
            (folder / "notes" / "card.md").write_text(f"{layer} {seed}")
            return {"passport": {"layer": layer}, "loss": 0.25}

        return pod.store.once("lora-gguf", STAGE, {"layer": layer, "seed": seed}, fill)

    return make


@pytest.fixture
def wire(sshd: SshServer) -> Iterator[Wire]:
    with wire_to(sshd.port) as wire:
        yield wire


@pytest.fixture
def gpu(make_pod: MakePod, depot: dict[str, object]) -> Pod:
    return make_pod("gpu", **depot)


@pytest.fixture
def cpu(make_pod: MakePod, depot: dict[str, object]) -> Pod:
    return make_pod("cpu", **depot)
