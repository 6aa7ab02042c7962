"""Prints the base job template of a GPU pool whose runs are containers of their own.

    python deployments/job_template.py kubernetes > pool.json
    prefect work-pool create gpu-pool --type kubernetes --base-job-template pool.json

It is Prefect's own template with what a GPU pod of ours has besides. Whatever is in it can be read
by everybody who may look at the pool: secrets come from where containers are started.
"""

import json
import sys
from pathlib import Path
from typing import Any

import prefect

_KNOWN = "server/api/collections_data/views/aggregate-worker-metadata.json"
_IMAGE, _VOLUME, _PLACE = "lamina-gpu", "lamina-workspace", "/workspace"


def job_template(kind: str) -> dict[str, Any]:
    """The template for `docker` or `kubernetes`."""
    known = json.loads((Path(prefect.__file__).parent / _KNOWN).read_text())
    template: dict[str, Any] = known[f"prefect-{kind}"][kind]["default_base_job_configuration"]
    variables, job = template["variables"]["properties"], template["job_configuration"]
    variables["image"]["default"] = _IMAGE
    if kind == "docker":
        variables["volumes"]["default"] = [f"{_VOLUME}:{_PLACE}"]
        variables["auto_remove"]["default"] = True
        gpu = {"driver": "nvidia", "count": 1, "capabilities": [["gpu"]]}
        job["container_create_kwargs"] = {"device_requests": [gpu]}
        return template
    pod = job["job_manifest"]["spec"]["template"]["spec"]
    claim = {"name": "workspace", "persistentVolumeClaim": {"claimName": _VOLUME}}
    pod["volumes"] = [claim]
    (container,) = pod["containers"]
    container["volumeMounts"] = [{"name": "workspace", "mountPath": _PLACE}]
    container["envFrom"] = [{"secretRef": {"name": "lamina", "optional": True}}]
    container["resources"]["limits"]["nvidia.com/gpu"] = 1
    return template


if __name__ == "__main__":
    if sys.argv[1:] not in (["docker"], ["kubernetes"]):
        sys.exit("usage: python deployments/job_template.py docker | kubernetes")
    print(json.dumps(job_template(sys.argv[1]), indent=2))
