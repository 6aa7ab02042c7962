"""What workers of Docker and Kubernetes pools make of our job templates: by their own code."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun

pytestmark = pytest.mark.usefixtures("prefect_server")
ROOT = Path(__file__).parents[2]


def rendered(kind: str, configuration: Any) -> Any:  # noqa: ANN401 - one of two libraries' own
    """The job of one flow run, as the worker hands it to its engine."""
    command = [sys.executable, ROOT / "deployments" / "job_template.py", kind]
    template = json.loads(subprocess.check_output(command, text=True))
    values = {"env": {"LAMINA_STORE_URL": "sftp://lamina@depot:22/depot"}}
    job = asyncio.run(configuration.from_template_and_values(template, values))
    job.prepare_for_flow_run(FlowRun(id=uuid4(), flow_id=uuid4(), name="train ASC_Leases"))
    return job


def test_a_docker_pools_run_has_our_image_a_gpu_and_the_volume() -> None:
    worker = pytest.importorskip(
        "prefect_docker.worker", reason="the extra `pools` is not installed"
    )

    job = rendered("docker", worker.DockerWorkerJobConfiguration)

    assert (job.image, job.volumes) == ("lamina-gpu", ["lamina-workspace:/workspace"])
    assert job.container_create_kwargs["device_requests"][0]["capabilities"] == [["gpu"]]
    assert job.env["LAMINA_STORE_URL"] == "sftp://lamina@depot:22/depot"
    assert job.command == "prefect flow-run execute"  # start.sh runs what is no role as it is


def test_a_kubernetes_pools_run_has_our_image_a_gpu_the_volume_and_the_secret() -> None:
    worker = pytest.importorskip(
        "prefect_kubernetes.worker", reason="the extra `pools` is not installed"
    )

    job = rendered("kubernetes", worker.KubernetesWorkerJobConfiguration)

    pod = job.job_manifest["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "lamina-gpu"
    assert container["args"] == ["prefect", "flow-run", "execute"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert container["volumeMounts"] == [{"name": "workspace", "mountPath": "/workspace"}]
    assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": "lamina-workspace"}
    assert container["envFrom"] == [{"secretRef": {"name": "lamina", "optional": True}}]
    assert {"name": "LAMINA_STORE_URL", "value": "sftp://lamina@depot:22/depot"} in container["env"]
