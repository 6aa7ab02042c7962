"""The deployments as a real server sees them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectHTTPStatusError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def deployed(pod: Path) -> None:
    del pod
    bootstrap = [sys.executable, "deployments/bootstrap.py"]
    deploy = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    for command in (bootstrap, deploy):
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=100)


@pytest.mark.usefixtures("deployed")
def test_each_deployment_is_in_the_pool_of_its_pod() -> None:
    with get_client(sync_client=True) as client:
        pools = {
            f"{client.read_flow(one.flow_id).name}/{one.name}": one.work_pool_name
            for one in client.read_deployments()
        }

    gpu = ("train-layers", "train-layer", "spread-layers", "train-all", "merge-and-convert")
    cpu = ("publish-layers", "qa-layers", "rollback", "watch-pdfs", "gc", "doctor")
    assert pools == {
        **{f"{name}/gpu": "gpu-pool" for name in gpu},
        **{f"{name}/cpu": "cpu-pool" for name in cpu},
    }


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


@pytest.mark.usefixtures("deployed")
def test_bootstrap_run_twice_changes_nothing() -> None:
    command = [sys.executable, "deployments/bootstrap.py"]

    assert subprocess.check_output(command, cwd=ROOT, timeout=60) == b""


@pytest.mark.usefixtures("deployed")
def test_what_a_person_changed_on_the_server_is_left_as_it_is() -> None:
    from blocks import TrainingProfile

    block = TrainingProfile.load("level1")
    block.values = block.values.model_copy(update={"rank": 4})
    block.save("level1", overwrite=True)

    subprocess.check_output([sys.executable, "deployments/bootstrap.py"], cwd=ROOT, timeout=60)

    assert TrainingProfile.load("level1").values.rank == 4


def test_a_dry_run_says_what_is_missing_and_makes_nothing(pod: Path) -> None:
    del pod
    with get_client(sync_client=True) as client:
        for one in client.read_automations_by_name("lamina: lost runs are crashed"):
            client.delete_automation(one.id)
    command = [sys.executable, "deployments/bootstrap.py", "--dry-run"]

    said = subprocess.check_output(command, cwd=ROOT, timeout=60, text=True)

    assert "would make automation lamina: lost runs are crashed" in said
    with get_client(sync_client=True) as client:
        assert not client.read_automations_by_name("lamina: lost runs are crashed")


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
        "lamina.pdfs.landed": "train-layers/gpu",
        "lamina.layers.trained": "publish-layers/cpu",
    }


@pytest.mark.usefixtures("deployed")
def test_wrong_input_is_refused_before_a_run_is_made() -> None:
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("train-layers/gpu")

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

    printed = subprocess.check_output([sys.executable, "-c", probe], cwd=ROOT, env=env, timeout=60)

    assert json.loads(printed) == []
