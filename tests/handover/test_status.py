"""The whole system at a look, and each part that is away as one sentence."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import MakePod
from command_line import Shell
from fake_layer_server import FakeLayerServer

from lamina.artifacts import ArtifactRef
from lamina.fingerprint import file_digest
from lamina.rental.ledger import Rent, open_ledger
from lamina.stages import handover, status
from lamina.stages.pod import Pod
from lamina.stages.rental import ledger_path
from lamina.store import Stage


@pytest.fixture
def server() -> Iterator[FakeLayerServer]:
    layers = {"Debt": "1" * 64, "Leases": "2" * 64}
    with FakeLayerServer(layers=layers, default={"Debt": 0.5}).running() as fake:
        yield fake


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes every call and answers none."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def pod(make_pod: MakePod, monkeypatch: pytest.MonkeyPatch) -> Pod:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return make_pod("cpu", port=1)


def layer(pod: Pod, name: str, *documents: Path, cost: float = 0.0) -> ArtifactRef:
    """A version that was trained on these documents."""

    def fill(folder: Path) -> dict[str, object]:
        (folder / "adapter.gguf").write_text(f"{name} {documents}")
        return {"passport": {"layer": name, "documents": [file_digest(one) for one in documents]}}

    return pod.store.once(
        "lora-gguf", Stage("export", 1), {"layer": name, "documents": len(documents)}, fill,
        run_notes={"training_cost": cost},
    )  # fmt: skip


def land(pod: Pod, name: str, file: str) -> Path:
    path = pod.workspace.raw_pdfs / name / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{name} {file}")
    pod.workspace.digests(path)
    return path


def test_of_a_new_pod_every_part_is_a_sentence_or_nothing(pod: Pod) -> None:
    found = status.look(pod)

    assert found.server is None
    assert "no layer server answers at http://127.0.0.1:1" in found.away["server"]
    assert found.jobs is None
    assert "none is named (PREFECT_API_URL)" in found.away["jobs"]
    assert found.layers is not None
    assert found.layers.served == ()
    assert found.disk is not None
    assert found.disk.free_bytes > 0


def test_servers_that_hang_cost_seconds_and_hide_nothing_else(
    make_pod: MakePod, silent: str
) -> None:
    begun = datetime.now(UTC)

    found = status.look(make_pod("cpu", server_url=silent, events_url=f"{silent}/api"))

    assert datetime.now(UTC) - begun < timedelta(seconds=30)  # they would hang for ever
    assert set(found.away) == {"server", "jobs"}
    assert "no Prefect server answers" in found.away["jobs"]
    assert found.layers is not None


def test_the_layer_server_says_its_base_and_its_default(
    make_pod: MakePod, server: FakeLayerServer
) -> None:
    found = status.look(make_pod("cpu", server_url=server.url)).server

    assert found is not None
    assert (found.base, found.default, found.layers) == ("tiny", ("Debt:0.5",), ("Debt", "Leases"))


def test_what_serves_and_what_is_held_stand_with_their_reasons(pod: Pod) -> None:
    first, second = layer(pod, "Leases"), layer(pod, "Leases", land(pod, "Leases", "a.pdf"))
    handover.promote(pod, "Leases", first, "better than the base", {"verdict": "promoted"})
    handover.hold(pod, "Leases", second, "no better than what serves", {"verdict": "unclear"})

    found = status.look(pod).layers

    assert found is not None
    assert [one.digest for one in found.served] == [first.digest]
    assert [(one.digest, one.decision and one.decision.why) for one in found.held] == [
        (second.digest, "no better than what serves")
    ]


def test_a_hold_that_a_promotion_overtook_is_no_news(pod: Pod) -> None:
    first, second = layer(pod, "Leases"), layer(pod, "Leases", land(pod, "Leases", "a.pdf"))
    handover.hold(pod, "Leases", first, "no difference")
    handover.promote(pod, "Leases", second, "better")

    found = status.look(pod).layers

    assert found is not None
    assert found.held == ()


def test_documents_that_no_version_was_trained_on_are_due(pod: Pod) -> None:
    known, new = land(pod, "Leases", "known.pdf"), land(pod, "Leases", "new.pdf")
    land(pod, "Debt", "first.pdf")
    handover.hold(pod, "Leases", layer(pod, "Leases", known), "held, and trained on it")
    refused = land(pod, "Leases", "refused.pdf")
    rows = [{"sha256": file_digest(refused), "recommended": False}]
    (pod.workspace.processed / "pdf_pretest.json").write_text(json.dumps(rows))

    found = status.look(pod).layers

    assert found is not None
    assert found.due == {
        "Debt": "1 document that no version was trained on: first.pdf",
        "Leases": f"1 document that no version was trained on: {new.name}",
    }


def test_a_folder_that_cannot_name_a_layer_is_told_as_that(pod: Pod) -> None:
    land(pod, "ASC 842 Leases", "first.pdf")

    found = status.look(pod).layers

    assert found is not None
    assert found.due["ASC 842 Leases"].endswith("such as ASC_842_Leases")


def test_what_training_and_the_rented_gpu_cost_is_told(make_pod: MakePod) -> None:
    pod = make_pod("cpu", gpu_pod="x", gpu_cap_day=10)
    handover.promote(pod, "Leases", layer(pod, "Leases", cost=0.41), "better")
    handover.place_candidate(pod, "Debt", layer(pod, "Debt", cost=0.2))
    with open_ledger(ledger_path(pod)) as book:
        hour_ago = datetime.now(UTC) - timedelta(hours=1)
        book.ledger.rents.append(Rent(began=hour_ago, price_per_hour=2))
        book.save()

    found = status.look(pod).cost

    assert found is not None
    assert found.layers == {"Debt": 0.2, "Leases": 0.41}
    assert found.running_since == hour_ago
    assert found.in_all == pytest.approx(2, abs=0.1)
    assert found.cap_day == 10


def test_a_ledger_that_cannot_be_read_hides_nothing_else(pod: Pod) -> None:
    ledger_path(pod).write_text("no ledger")

    found = status.look(pod)

    assert "is no ledger of the rented GPU" in found.away["cost"]
    assert found.layers is not None


def test_the_command_prints_one_screen_or_one_object(pod: Pod, tmp_path: Path) -> None:
    handover.promote(pod, "Leases", layer(pod, "Leases"), "better", {"verdict": "promoted"})
    land(pod, "Debt", "first.pdf")
    shell = Shell(tmp_path)
    words = ("--workspace", str(pod.workspace.root), "status")

    shown = shell(*words, LAMINA_PORT="1")
    told = json.loads(shell(*words, "--json", LAMINA_PORT="1").stdout)

    assert shown.returncode == 0, shown.stderr
    assert "no layer server answers at http://127.0.0.1:1" in shown.stdout
    assert "Debt  1 document that no version was trained on: first.pdf" in shown.stdout
    assert told["layers"]["served"][0]["decision"]["why"] == "better"
    assert len(shown.stdout.splitlines()) < 24
