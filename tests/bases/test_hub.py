"""A base from a hub, through the hub's own client and a stand-in that speaks its file protocol."""

import random
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import hub_server
import pytest
import tiny_models
from pods import Told

from lamina.bases import shelf
from lamina.bases.hub import fetch, look_up
from lamina.errors import InvalidInputError, NotFoundError, ResourceError
from lamina.progress import Silent
from lamina.stages.bases import add_base
from lamina.stages.pod import Pod


@pytest.fixture
def hub(
    models: dict[str, tiny_models.Pair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[hub_server.Hub]:
    folder = tmp_path / "hub"
    shutil.copytree(models["Mistral"].folder, folder)
    (folder / "consolidated.safetensors").write_bytes(b"the same again, in another form")
    (folder / "pytorch_model.bin").write_bytes(b"pickled")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    with hub_server.running(hub_server.Hub("owner/Tiny-Mistral", folder)) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        yield served


def test_a_repository_becomes_a_base_of_a_pinned_revision(pod: Pod, hub: hub_server.Hub) -> None:
    told = Told()

    added = add_base(Pod(pod.settings, pod.workspace, told), "hf:owner/Tiny-Mistral@v1")

    assert added.name == "Tiny-Mistral"
    assert added.facts["origin"] == {"hub": "owner/Tiny-Mistral", "revision": hub_server.COMMIT}
    assert added.facts["licence"] == "apache-2.0"
    said = told.lines[0]
    assert "owner/Tiny-Mistral at c0ffee" in said
    assert "apache-2.0" in said
    assert "GB of disk" in said
    (base,) = shelf.shelved(pod.workspace)
    names = {path.name for path in base.folder.iterdir()}
    assert {"model.safetensors", "tokenizer.json", "config.json"} <= names
    assert not {"consolidated.safetensors", "pytorch_model.bin"} & names
    assert base.gguf is not None
    files = [line for line in hub.asked if "/resolve/" in line]
    assert all(f"/resolve/{hub_server.COMMIT}/" in line for line in files)  # never a branch


def test_a_broken_download_goes_on_where_it_stopped(hub: hub_server.Hub, tmp_path: Path) -> None:
    big = random.Random(1).randbytes(24_000_000)  # the client writes 10 MiB at a time
    (hub.folder / "model.safetensors").write_bytes(big)
    repository = look_up("owner/Tiny-Mistral")
    hub.break_after = 22_000_000

    with suppress(ResourceError):  # the client may go on by itself, too
        fetch(repository, tmp_path / "halves", Silent())
    fetch(repository, tmp_path / "halves", Silent())

    assert any("bytes=20971520-" in line for line in hub.asked), hub.asked
    assert (tmp_path / "halves" / "model.safetensors").read_bytes() == big


def test_a_gated_repository_wants_a_token(
    hub: hub_server.Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.token = "hf_sesame"  # noqa: S105 - of the stand-in

    with pytest.raises(NotFoundError, match=r"accept its terms .* HF_TOKEN"):
        look_up("owner/Tiny-Mistral")

    monkeypatch.setenv("HF_TOKEN", "hf_sesame")
    assert look_up("owner/Tiny-Mistral").revision == hub_server.COMMIT


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("owner/Nothing", "is not on the hub"),
        ("owner/Tiny-Mistral@v9", "has no revision v9"),
    ],
)
@pytest.mark.usefixtures("hub")
def test_what_the_hub_does_not_have_is_one_sentence(pod: Pod, address: str, said: str) -> None:
    with pytest.raises(NotFoundError, match=said):
        add_base(pod, f"hf:{address}")


@pytest.mark.parametrize("address", ["Tiny-Mistral", "a/b/c", "owner/", "owner/bad name"])
@pytest.mark.usefixtures("hub")
def test_what_is_no_repository_is_said_with_the_form(pod: Pod, address: str) -> None:
    with pytest.raises(InvalidInputError, match="write hf:owner/name"):
        add_base(pod, f"hf:{address}")


@pytest.mark.parametrize(
    ("file", "said"),
    [("model.safetensors", "no safetensors"), ("tokenizer.json", "no tokenizer.json")],
)
def test_a_repository_that_lacks_what_a_base_needs_is_refused(
    hub: hub_server.Hub, file: str, said: str
) -> None:
    (hub.folder / file).unlink()

    with pytest.raises(InvalidInputError, match=f"holds {said}"):
        look_up("owner/Tiny-Mistral")


def test_a_disk_without_room_is_said_before_anything_is_fetched(
    pod: Pod, hub: hub_server.Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(pod.workspace.root)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))

    with pytest.raises(ResourceError, match=r"but 1\.0 kB are free"):
        add_base(pod, "hf:owner/Tiny-Mistral")

    assert not [line for line in hub.asked if "/resolve/" in line]


def test_a_hub_that_is_not_there_is_one_sentence(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    with pytest.raises(ResourceError, match=r"does not answer .* HF_ENDPOINT"):
        add_base(pod, "hf:owner/Tiny-Mistral")
