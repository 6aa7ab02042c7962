"""A rented pod at the stand-in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rented import Rented
from runpod import KEY, POD, RunPodApi

from lamina.settings import load


@pytest.fixture
def runpod() -> Iterator[RunPodApi]:
    with RunPodApi().running() as api:
        yield api


@pytest.fixture
def rented(runpod: RunPodApi, tmp_path: Path) -> Rented:
    terms = load(gpu_pod=POD, gpu_key=KEY, gpu_api=runpod.url, workspace=tmp_path)
    return Rented(tmp_path / "gpu.json", terms)
