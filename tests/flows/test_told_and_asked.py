"""Who is told what by a real Prefect server, and what a person's word in the form comes to."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow
from prefect.server.events.schemas.automations import EventTrigger
from prefect.server.events.schemas.events import RelatedResource, Resource
from prefect.settings import PREFECT_API_URL
from webhook import webhook

from flows.approve_layer import approve_layer
from lamina.artifacts import ArtifactRef
from lamina.handover.versions import WAITS
from lamina.jobs_server import JobsServer
from lamina.orders import ApproveLayer
from lamina.prefect_api import prefect_client
from lamina.progress import Silent
from lamina.settings import load
from lamina.stages import handover
from lamina.stages.pod import Pod
from lamina.stages.rental import GPU_TROUBLE
from lamina.store import Stage
from lamina.workspace import Workspace


@pytest.fixture
def client(pod: Path) -> Iterator[SyncPrefectClient]:
    del pod
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def told(client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What a webhook is told, after the bootstrap made its automations."""
    import automations

    with webhook() as (url, bodies):
        Webhook(url=url).save("alerts")
        monkeypatch.setenv("LAMINA_NOTIFY", "webhook/alerts")
        for change in automations.automations(client):
            change.make()
        yield bodies
        for one in client.read_automations():
            client.delete_automation(one.id)
        for document in client.read_block_documents():
            client.delete_block_document(document.id)


def test_a_webhook_is_told_what_the_named_events_say(told: list[Any]) -> None:
    server = JobsServer(prefect_client(PREFECT_API_URL.value()), within_s=60)
    expected = {
        "trouble with the rented GPU": "no GPU is free",
        "what is held": 'L is held: too "little"',
    }

    while len({one["about"] for one in told}) < len(expected):
        # Again and again: the server learns of new automations by a notice of its own.
        server.tell("lamina.layer.held", "lamina.layer.L", {"layer": "L", "why": 'too "little"'})
        server.tell(GPU_TROUBLE, "lamina.workspace.x", {"why": "no GPU is free"})
        time.sleep(1)

    assert {one["about"]: one["text"] for one in told} == expected


@pytest.mark.usefixtures("told")
def test_the_bootstrap_finds_its_own_notifications_unchanged(client: SyncPrefectClient) -> None:
    import automations

    assert [change.what for change in automations.automations(client)] == []


@pytest.mark.parametrize(
    ("pod_of_run", "rented", "is_told"),
    [("gpu-pool", "", True), ("gpu-pool", "pod-1", False), ("cpu-pool", "pod-1", True)],
)
@pytest.mark.usefixtures("told")
def test_nobody_is_told_that_jobs_of_a_rented_gpu_wait(
    client: SyncPrefectClient,
    monkeypatch: pytest.MonkeyPatch,
    pod_of_run: str,
    rented: str,
    is_told: bool,
) -> None:
    import automations

    monkeypatch.setenv("LAMINA_GPU_POD", rented)
    for change in automations.automations(client):
        change.make()
    assert [change.what for change in automations.automations(client)] == []

    (found,) = client.read_automations_by_name("lamina: what is late is told")
    trigger = EventTrigger.model_validate(found.trigger.model_dump(mode="json"))
    role = "prefect.resource.role"
    pool = {"prefect.resource.id": "prefect.work-pool.1", role: "work-pool"}
    related = [
        RelatedResource({"prefect.resource.id": "prefect.tag.lamina", role: "tag"}),
        RelatedResource({**pool, "prefect.resource.name": pod_of_run}),
    ]
    run = Resource({"prefect.resource.id": "prefect.flow-run.1"})
    assert trigger.covers_resources(run, related) == is_told


@pytest.mark.parametrize(("decision", "state"), [("promote", "served"), ("hold", "held")])
def test_a_version_waits_for_the_form_and_becomes_what_a_person_says(
    client: SyncPrefectClient, pod: Path, monkeypatch: pytest.MonkeyPatch, decision: str, state: str
) -> None:
    monkeypatch.setenv("LAMINA_APPROVAL_HOURS", "1")
    settings = load(workspace=pod)
    here = Pod(settings, Workspace(settings).make(), Silent())
    version = _version(here)
    handover.hold(here, "Leases", version, "Better than the base.", {WAITS: "approval"})
    order = ApproveLayer(layer="Leases", version=version.digest[:12], why="Better than the base.")
    deployment = client.create_deployment(client.create_flow(approve_layer), "cpu-test")
    run = client.create_flow_run_from_deployment(
        deployment, parameters={"order": order.model_dump(mode="json")}
    )

    _execute(client, run.id, order)
    waiting = client.read_flow_run(run.id)
    assert (waiting.state_name, waiting.name) == ("Suspended", "may Leases serve?")
    assert handover.versions(here, ["Leases"])[0].state == "waiting for approval"
    client.resume_flow_run(run.id, run_input={"decision": decision, "why": "I read it"})
    _execute(client, run.id, order)

    ended = client.read_flow_run(run.id)
    assert ended.state is not None
    assert "by a person: I read it" in str(ended.state.message)
    assert handover.versions(here, ["Leases"])[0].state == state
    client.delete_flow_run(run.id)
    client.delete_deployment(deployment)


def _execute(client: SyncPrefectClient, run_id: Any, order: ApproveLayer) -> None:  # noqa: ANN401
    """As a worker's process does it."""
    run = client.read_flow_run(run_id)
    try:
        run_flow(approve_layer, flow_run=run, parameters={"order": order}, return_type="state")
    except Pause:
        return


def _version(pod: Pod) -> ArtifactRef:
    def fill(folder: Path) -> dict[str, object]:
        (folder / "adapter.gguf").write_text("a layer")
        return {"passport": {"layer": "Leases"}}

    return pod.store.once("lora-gguf", Stage("export", 1), {"layer": "Leases"}, fill)
