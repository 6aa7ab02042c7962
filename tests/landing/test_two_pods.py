"""PDFs land on one pod and are trained on another, which sees them only through the depot."""

from pathlib import Path

import pytest
from events_server import EventsServer
from pods import pod_on

from lamina.dataset.assigned import remembered
from lamina.errors import NotFoundError
from lamina.orders import WatchPdfs
from lamina.stages import handover, landing
from lamina.stages.pod import Pod
from lamina.store import Stage, point

AT_ONCE = WatchPdfs(settle_s=0)


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


def pod(root: Path, name: str) -> Pod:
    depot = root / "volume" / "depot"
    depot.parent.mkdir(exist_ok=True)
    return pod_on(root / name, store_url=f"file://{depot}")


def drop(where: Pod, name: str, content: bytes) -> Path:
    path = where.workspace.raw_pdfs / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_what_landed_on_one_pod_is_fetched_by_the_other_under_its_layer(tmp_path: Path) -> None:
    cpu, gpu = pod(tmp_path, "cpu"), pod(tmp_path, "gpu")
    drop(cpu, "Leases/a.pdf", b"one")
    landing.watch_pdfs(cpu, AT_ONCE)

    assert landing.fetch_landed(gpu) == ["Leases/a.pdf"]
    assert (gpu.workspace.raw_pdfs / "Leases" / "a.pdf").read_bytes() == b"one"


def test_what_a_pod_has_already_is_not_fetched_again(tmp_path: Path) -> None:
    cpu, gpu = pod(tmp_path, "cpu"), pod(tmp_path, "gpu")
    drop(cpu, "Leases/a.pdf", b"one")
    landing.watch_pdfs(cpu, AT_ONCE)
    landing.fetch_landed(gpu)
    archived = gpu.workspace.archive / "Leases" / "a.pdf"
    archived.parent.mkdir(parents=True)
    (gpu.workspace.raw_pdfs / "Leases" / "a.pdf").rename(archived)

    assert landing.fetch_landed(gpu) == []


def test_another_file_of_the_same_name_is_put_beside_the_first(tmp_path: Path) -> None:
    cpu, gpu = pod(tmp_path, "cpu"), pod(tmp_path, "gpu")
    drop(gpu, "Leases/a.pdf", b"its own")
    drop(cpu, "Leases/a.pdf", b"another")
    landing.watch_pdfs(cpu, AT_ONCE)

    (fetched,) = landing.fetch_landed(gpu)

    assert (gpu.workspace.raw_pdfs / "Leases" / "a.pdf").read_bytes() == b"its own"
    assert (gpu.workspace.raw_pdfs / fetched).read_bytes() == b"another"


def test_what_was_fetched_is_no_news_to_the_watcher_of_the_pod_that_fetched_it(
    tmp_path: Path,
) -> None:
    cpu, gpu = pod(tmp_path, "cpu"), pod(tmp_path, "gpu")
    drop(cpu, "Leases/a.pdf", b"one")
    landing.watch_pdfs(cpu, AT_ONCE)
    landing.fetch_landed(gpu)

    assert landing.watch_pdfs(gpu, AT_ONCE).announced == ()

    drop(gpu, "Leases/b.pdf", b"its own")
    assert [one.name for one in landing.watch_pdfs(gpu, AT_ONCE).announced] == ["b.pdf"]
    assert landing.fetch_landed(cpu) == ["Leases/b.pdf"]


def test_while_the_depot_is_away_what_landed_stays_news(tmp_path: Path) -> None:
    cpu = pod(tmp_path, "cpu")
    drop(cpu, "Leases/a.pdf", b"one")
    mount = tmp_path / "volume"
    mount.rename(tmp_path / "unmounted")

    with pytest.raises(NotFoundError):
        landing.watch_pdfs(cpu, AT_ONCE)
    (tmp_path / "unmounted").rename(mount)

    assert len(landing.watch_pdfs(cpu, AT_ONCE).announced) == 1


def test_a_new_pod_goes_on_to_hold_out_what_the_old_one_held_out(tmp_path: Path) -> None:
    old, new = pod(tmp_path, "old"), pod(tmp_path, "new")
    digests = [f"{number:064x}" for number in range(6)]

    def make(folder: Path) -> dict[str, object]:
        (folder / "test.jsonl").write_text("")
        return {}

    inputs = {"held_out": {"validation": [digests[4]], "test": [digests[5]], "sectioned": []}}
    dataset = old.store.once("dataset", Stage("build_dataset", 1), inputs, make)
    handover.push(old, {"layers/Leases": {"dataset": dataset}})

    landing.fetch_held_out(new)

    with remembered(new.store) as memory:
        known = memory.get()
    assert [known.part(digest) for digest in digests] == ["train"] * 4 + ["validation", "test"]


def test_whoever_hands_a_layer_over_wakes_those_who_judge_it_also_a_server_that_was_away(
    tmp_path: Path, server: EventsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", server.url)
    gpu = pod(tmp_path, "gpu")

    def make(folder: Path) -> dict[str, object]:
        (folder / "adapter.gguf").write_bytes(b"GGUF")
        return {"passport": {"layer": "Leases"}}

    layer = gpu.store.once("lora-gguf", Stage("export_layers", 1), {}, make)
    point(gpu.workspace.adapters_gguf / "Leases.gguf", gpu.store.open(layer) / "adapter.gguf")
    server.status = 503
    assert landing.hand_over(gpu, ["Leases"]).waiting == ("lamina.layers.trained",)
    assert server.taken == []
    server.status = 204

    landing.tell(gpu)

    assert [one["event"] for one in server.events.values()] == ["lamina.layers.trained"]
    assert [*handover.newest_heads(gpu)] == ["layers/Leases"]


def test_layers_that_are_in_the_depot_already_are_no_news(tmp_path: Path) -> None:
    one = pod(tmp_path, "one")

    def make(folder: Path) -> dict[str, object]:
        (folder / "adapter.gguf").write_bytes(b"GGUF")
        return {}

    layer = one.store.once("lora-gguf", Stage("export_layers", 1), {}, make)

    first = handover.push(one, {"layers/Leases": {"gguf": layer}})
    again = handover.push(one, {"layers/Leases": {"gguf": layer}})

    assert (first.names, again.names) == (("layers/Leases",), ())
