"""The compose file's `cpu-only` profile, service by service: a PDF becomes a layer that answers.

An engine's part is played by containers that share one network, and PostgreSQL's by SQLite.
"""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from container import ROOT, Container, Image

from lamina.demo import handbooks

pytestmark = [
    pytest.mark.images,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="an image's file system is run as root"),
]
LAYER = "Marlow_Leasing"
SETTINGS = {  # docker/.env
    "PREFECT_AUTH": "owner:open-sesame",
    "POSTGRES_PASSWORD": "unused",
    "LAMINA_API_KEY": "open-sesame",
}


class Compose:
    """Containers as the compose file describes them."""

    def __init__(self, start: Callable[..., Container], images: dict[str, Image], at: Path) -> None:
        said = (ROOT / "docker" / "compose.yaml").read_text()
        filled = re.sub(r"\$\{(\w+)[^}]*\}", lambda found: SETTINGS.get(found[1], ""), said)
        self._services = yaml.safe_load(filled)["services"]
        self._start, self._images, self._at = start, images, at
        self._network: Container | None = None

    def volume(self, name: str) -> Path:
        folder = self._at / name
        if not folder.exists():
            folder.mkdir()
            os.chown(folder, 1000, 1000)
        return folder

    def up(self, name: str) -> Container:
        service = self._services[name]
        environment = dict(service["environment"])
        environment.pop("PREFECT_API_DATABASE_CONNECTION_URL", None)
        places = [volume.split(":") for volume in service.get("volumes", ())]
        mounted = {place: self.volume(source) for source, place in places}
        started = self._start(
            self._images[service["image"]],
            mounted.pop("/workspace", None) or self.volume(f"none-{name}"),
            user=int(service["user"].partition(":")[0]),
            command=service["command"],
            environment=environment,
            beside=self._network,
            volumes=mounted,
            hosts=["prefect"],
        )
        self._network = self._network or started
        return started


class Api:
    """Prefect's server, asked from inside."""

    def __init__(self, pod: Container) -> None:
        self._pod = pod

    def ask(self, path: str, body: object = None, verb: str = "") -> Any:  # noqa: ANN401 - any JSON
        sent = () if body is None else ("-H", "Content-Type: application/json", "-d", "@-")
        method = ("-X", verb) if verb else ()
        words = ("--user", SETTINGS["PREFECT_AUTH"], *method, *sent)
        command = ("curl", "--silent", "--fail-with-body", "--retry", "9", *words)
        url = f"http://prefect:4200/api{path}"
        said = self._pod.run(*command, url, stdin=json.dumps(body)).stdout
        return json.loads(said) if said else None

    def shorten(self, profile: str) -> None:
        """No test here asks what was learnt."""
        slug = "/block_types/slug/lamina-training-profile/block_documents/name"
        found = self.ask(f"{slug}/{profile}")
        edited = {"data": {"values": found["data"]["values"] | {"steps": 8}}}
        self.ask(f"/block_documents/{found['id']}", edited, "PATCH")

    def ended(self, deployment: str) -> dict[str, Any] | None:
        """The last run of a deployment that was not started by the clock, once it ended."""
        found = self.ask(f"/deployments/name/{deployment}")
        wanted = {
            "deployments": {"id": {"any_": [found["id"]]}},
            "sort": "EXPECTED_START_TIME_ASC",
        }
        runs = [run for run in self.ask("/flow_runs/filter", wanted) if not run["auto_scheduled"]]
        ends = {"COMPLETED", "FAILED", "CANCELLED"}
        return dict(runs[-1]) if runs and runs[-1]["state_type"] in ends else None

    def start(self, deployment: str, order: object) -> None:
        found = self.ask(f"/deployments/name/{deployment}")
        self.ask(f"/deployments/{found['id']}/create_flow_run", {"parameters": {"order": order}})


def test_a_pdf_that_lands_becomes_a_layer_that_answers(
    cpu_image: Image, gpu_image: Image, run: Callable[..., Container], tmp_path: Path
) -> None:
    compose = Compose(run, {"lamina-cpu": cpu_image, "lamina-gpu": gpu_image}, tmp_path)
    server = compose.up("prefect")
    server.until(server.is_healthy, "Prefect's server")
    setup = compose.up("setup-embedded")
    assert setup.stop_by_itself(180) == 0, setup.said()
    api = Api(server)
    api.shorten("layer")
    trainer, pod = compose.up("trainer"), compose.up("cpu-embedded")
    trainer.until(trainer.is_healthy, "the worker", 120)
    raw = compose.volume("cpu-workspace") / "data" / "raw_pdfs"
    pod.until(raw.is_dir, "the landing folder", 120)
    handbooks.write_handbooks(tmp_path / "raw", tmp_path / "questions")
    shutil.copytree(tmp_path / "raw" / LAYER, raw / LAYER)
    os.chown(raw / LAYER, 1000, 1000)

    trained = pod.until(lambda: api.ended("train-layers/train-what-is-due"), "its training", 600)
    assert trained["state_name"] == "Completed", trainer.said()
    judged = pod.until(lambda: api.ended("publish-layers/publish-what-is-new"), "its verdict", 300)
    assert judged["state_name"] == "Completed", pod.said()
    words = ["promoted", "unclear", "too little evidence"]
    api.start(
        "publish-layers/publish-what-is-new", {"layers": [LAYER], "again": True, "promote": words}
    )

    key = ("--header", f"Authorization: Bearer {SETTINGS['LAMINA_API_KEY']}")
    url = "http://localhost:5000/lora-adapters"
    pod.until(lambda: f'"{LAYER}"' in pod.curl(*key, url, check=False), "the layer, served", 300)
    assert pod.is_healthy()
    assert [one.stop() for one in (pod, trainer)] == [0, 0]
    assert server.stop() in {0, 143}
