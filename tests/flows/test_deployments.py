"""The deployments as a real server sees them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectHTTPStatusError
from prefect.flow_engine import run_flow

from flows import doctor, train_layers
from lamina import version
from lamina.errors import MismatchError, NotFoundError
from lamina.landing.notice import PDFS_LANDED, EventsApi, Notice
from lamina.prefect_api import prefect_client
from lamina.version import code_version

ROOT = Path(__file__).parents[2]
LANDED = "lamina: PDFs landed, what is due is trained"


@pytest.fixture(scope="module")
def deployed(prefect_server: None) -> Iterator[dict[str, str]]:
    """The environment in which everything was deployed, as a person does it."""
    from prefect.settings import PREFECT_API_URL

    del prefect_server
    environment = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value(), "DO_NOT_TRACK": "1"}
    bootstrap = [sys.executable, "deployments/bootstrap.py"]
    subprocess.run(bootstrap, cwd=ROOT, env=environment, check=True)
    deploy(environment)
    yield environment
    with get_client(sync_client=True) as client:  # other modules' documents start from none
        for document in client.read_block_documents():
            client.delete_block_document(document.id)


def deploy(environment: dict[str, str]) -> None:
    command = [sys.executable, "deployments/deploy.py"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


def bootstrap(environment: dict[str, str], *flags: str) -> str:
    """What it printed."""
    command = [sys.executable, "deployments/bootstrap.py", *flags]
    return subprocess.check_output(command, cwd=ROOT, env=environment, text=True)


@pytest.mark.usefixtures("deployed")
def test_each_deployment_is_in_the_pool_of_its_pod() -> None:
    with get_client(sync_client=True) as client:
        pools = {
            f"{client.read_flow(one.flow_id).name}/{one.name}": one.work_pool_name
            for one in client.read_deployments()
        }

    gpu = (
        "train-layers/train-what-is-due", "train-layer/train-one-layer",
        "spread-layers/train-on-all-workers", "train-all/train-levels",
        "merge-and-convert/merge-into-base", "gc/collect-garbage-on-gpu",
    )  # fmt: skip
    cpu = (
        "publish-layers/publish-what-is-new", "qa-layers/ask-layers", "rollback/roll-back",
        "approve-layer/ask-a-person", "watch-pdfs/look-for-pdfs", "gc/collect-garbage",
        "doctor/examine-pod",
    )  # fmt: skip
    assert pools == {**dict.fromkeys(gpu, "gpu-pool"), **dict.fromkeys(cpu, "cpu-pool")}


def test_deploying_again_leaves_off_what_a_person_switched_off(deployed: dict[str, str]) -> None:
    with get_client(sync_client=True) as client:
        train = client.read_deployment_by_name("train-layers/train-what-is-due")
        (nightly,) = train.schedules
        client.update_deployment_schedule(train.id, nightly.id, active=False)
        asks = client.read_deployment_by_name("qa-layers/ask-layers")
        client.pause_deployment(asks.id)
        (landed,) = client.read_automations_by_name(LANDED)
        client.pause_automation(landed.id)

        deploy(deployed)

        assert [one.active for one in client.read_deployment(train.id).schedules] == [False]
        assert client.read_deployment(asks.id).paused
        assert [one.enabled for one in client.read_automations_by_name(LANDED)] == [False]
        others = client.read_deployment_by_name("publish-layers/publish-what-is-new")
        assert [one.active for one in others.schedules] == [True]
        assert {one.version for one in client.read_deployments()} == {code_version()}


def test_what_was_deployed_under_a_former_name_goes_with_its_triggers(
    deployed: dict[str, str],
) -> None:
    with get_client(sync_client=True) as client:
        train = client.read_deployment_by_name("train-layers/train-what-is-due")
        old = client.create_deployment(
            train.flow_id, "gpu", tags=["lamina"], entrypoint=train.entrypoint
        )

        said = bootstrap(deployed)

        assert "train_layers was deployed as gpu" in said
        assert old not in {one.id for one in client.read_deployments()}
        assert client.read_deployment(train.id)


@pytest.mark.usefixtures("deployed")
def test_the_form_explains_every_field() -> None:
    with get_client(sync_client=True) as client:
        forms = [one.parameter_openapi_schema for one in client.read_deployments()]

    fields = [
        field
        for form in forms
        for model in form.get("definitions", {}).values()
        for field in model["properties"].values()
    ]
    assert len(fields) > 30
    assert all(field.get("title") and field.get("description") for field in fields)


def test_bootstrap_run_again_changes_nothing_nor_what_a_person_changed(
    deployed: dict[str, str],
) -> None:
    from blocks import TrainingProfile

    block = TrainingProfile.load("level1")
    block.values = block.values.model_copy(update={"rank": 4})
    block.save("level1", overwrite=True)

    assert bootstrap(deployed) == ""

    assert TrainingProfile.load("level1").values.rank == 4


@pytest.mark.usefixtures("deployed")
def test_landed_pdfs_and_trained_layers_start_their_deployments() -> None:
    with get_client(sync_client=True) as client:
        started = {}
        for one in client.read_automations():
            for action in one.actions:
                if action.type == "run-deployment":
                    deployment = client.read_deployment(action.deployment_id)
                    flow = client.read_flow(deployment.flow_id).name
                    started[next(iter(one.trigger.expect))] = f"{flow}/{deployment.name}"

    assert started == {
        "lamina.pdfs.landed": "train-layers/train-what-is-due",
        "lamina.layers.trained": "publish-layers/publish-what-is-new",
    }


def test_a_run_that_was_woken_takes_over_the_others_that_wait_for_the_same(
    deployed: dict[str, str], pod: Path
) -> None:
    api = EventsApi(prefect_client(deployed["PREFECT_API_URL"]))
    with get_client(sync_client=True) as client:
        (landed,) = client.read_automations_by_name(LANDED)
        client.resume_automation(landed.id)
        train = client.read_deployment_by_name("train-layers/train-what-is-due").id
        by_hand = client.create_flow_run_from_deployment(train)
        for _ in range(3):
            api.deliver(Notice(event=PDFS_LANDED, resource=f"lamina.workspace.{pod.name}"))

        first, *others = until_woken(client, train, 3)
        with pytest.raises(NotFoundError):  # neither PDFs nor a base are there
            run_flow(train_layers.train_layers, flow_run=first)

        states = [client.read_flow_run(one.id).state for one in others]
        assert [one.type for one in states] == ["CANCELLED"] * 2
        assert states[0].message == "train what is due does this work, too"
        assert client.read_flow_run(by_hand.id).state.is_scheduled()


def until_woken(client: SyncPrefectClient, deployment: UUID, number: int) -> list[FlowRun]:
    """The runs that events have started, once there are so many."""
    wanted = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
    for _ in range(60):
        found = [
            one
            for one in client.read_flow_runs(deployment_filter=wanted)
            if one.created_by and one.created_by.type == "AUTOMATION"
        ]
        if len(found) == number:
            return found
        time.sleep(0.5)
    pytest.fail(f"{len(found)} of {number} runs were started")


@pytest.mark.usefixtures("deployed", "pod")
def test_a_pod_of_another_commit_than_the_deployments_says_so_and_stops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("doctor/examine-pod")
        run = client.create_flow_run_from_deployment(deployment.id)
        monkeypatch.setattr(version, "commit", lambda: "fedcba987654")

        with pytest.raises(MismatchError, match=r"runs Lamina fedcba987654, and the deployment is"):
            run_flow(doctor.doctor, flow_run=run)

        assert client.read_flow_run(run.id).state_name == "Failed"


@pytest.mark.usefixtures("deployed")
def test_wrong_input_is_refused_before_a_run_is_made() -> None:
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("train-layers/train-what-is-due")

        with pytest.raises(PrefectHTTPStatusError, match="409"):
            client.create_flow_run_from_deployment(
                deployment.id, parameters={"order": {"chunk_tokens": 3}}
            )


def test_importing_a_flow_loads_no_torch() -> None:
    names = [path.stem for path in sorted((ROOT / "flows").glob("*.py")) if path.stem[0] != "_"]
    heavy = ["torch", "transformers", "peft", "bitsandbytes", "llama_cpp", "pypdfium2"]
    probe = (
        f"import sys, json; import {', '.join('flows.' + name for name in names)}; "
        f"print(json.dumps(sorted(set({heavy!r}) & set(sys.modules))))"
    )
    env = {**os.environ, "DO_NOT_TRACK": "1"}

    printed = subprocess.check_output([sys.executable, "-c", probe], cwd=ROOT, env=env)

    assert json.loads(printed) == []


def test_a_dry_run_says_what_is_missing_and_makes_nothing(deployed: dict[str, str]) -> None:
    with get_client(sync_client=True) as client:
        for one in client.read_automations_by_name("lamina: lost runs are crashed"):
            client.delete_automation(one.id)

    said = bootstrap(deployed, "--dry-run")

    assert said == "would make automation lamina: lost runs are crashed\n"
    with get_client(sync_client=True) as client:
        assert not client.read_automations_by_name("lamina: lost runs are crashed")
