"""The deployments as a real server sees them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectHTTPStatusError

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def deployed(prefect_server: None) -> Iterator[dict[str, str]]:
    """The environment in which everything was deployed, as a person does it."""
    from prefect.settings import PREFECT_API_URL

    del prefect_server
    environment = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value(), "DO_NOT_TRACK": "1"}
    bootstrap = [sys.executable, "deployments/bootstrap.py"]
    deploy = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    for command in (bootstrap, deploy):
        subprocess.run(
            command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=100
        )
    yield environment
    with get_client(sync_client=True) as client:  # other modules' documents start from none
        for document in client.read_block_documents():
            client.delete_block_document(document.id)


def bootstrap(environment: dict[str, str], *flags: str) -> str:
    """What it printed."""
    command = [sys.executable, "deployments/bootstrap.py", *flags]
    return subprocess.check_output(command, cwd=ROOT, env=environment, timeout=60, text=True)


@pytest.mark.usefixtures("deployed")
def test_each_deployment_is_in_the_pool_of_its_pod() -> None:
    with get_client(sync_client=True) as client:
        pools = {
            f"{client.read_flow(one.flow_id).name}/{one.name}": one.work_pool_name
            for one in client.read_deployments()
        }

    gpu = ("train-layers", "train-layer", "spread-layers", "train-all", "merge-and-convert", "gc")
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


def test_a_dry_run_says_what_is_missing_and_makes_nothing(deployed: dict[str, str]) -> None:
    with get_client(sync_client=True) as client:
        for one in client.read_automations_by_name("lamina: lost runs are crashed"):
            client.delete_automation(one.id)

    said = bootstrap(deployed, "--dry-run")

    assert said == "would make automation lamina: lost runs are crashed\n"
    with get_client(sync_client=True) as client:
        assert not client.read_automations_by_name("lamina: lost runs are crashed")
