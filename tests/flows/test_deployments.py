"""The deployments as a real server sees them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client

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

    assert pools == {
        "train-layers/gpu": "gpu-pool",
        "train-all/gpu": "gpu-pool",
        "qa-layers/cpu": "cpu-pool",
    }


@pytest.mark.usefixtures("deployed")
def test_the_form_explains_every_field() -> None:
    with get_client(sync_client=True) as client:
        forms = [one.parameter_openapi_schema for one in client.read_deployments()]

    for form in forms:
        for model in form["definitions"].values():
            fields = model["properties"].values()
            assert all(field.get("title") and field.get("description") for field in fields)


@pytest.mark.usefixtures("deployed")
def test_bootstrap_run_twice_changes_nothing() -> None:
    command = [sys.executable, "deployments/bootstrap.py"]

    assert subprocess.check_output(command, cwd=ROOT, timeout=60) == b""


def test_importing_a_flow_loads_no_torch() -> None:
    names = ["train_layers", "train_all", "qa_layers", "demo"]
    heavy = ["torch", "transformers", "peft", "bitsandbytes", "llama_cpp", "pypdfium2"]
    probe = (
        f"import sys, json; import {', '.join('flows.' + name for name in names)}; "
        f"print(json.dumps(sorted(set({heavy!r}) & set(sys.modules))))"
    )
    env = {**os.environ, "DO_NOT_TRACK": "1"}

    printed = subprocess.check_output([sys.executable, "-c", probe], cwd=ROOT, env=env, timeout=60)

    assert json.loads(printed) == []
