"""A pod without a GPU says so at once, instead of crawling."""

from pathlib import Path

import layer_orders
import pytest
from made import pod_on

from lamina.artifacts import ArtifactRef
from lamina.errors import NotFoundError, ResourceError
from lamina.passport import BaseIdentity
from lamina.stages import layers
from lamina.training.base import MOST_BYTES_ON_A_PROCESSOR

NO_DATASET = ArtifactRef(kind="dataset", digest="0" * 64)
SOME = BaseIdentity(name="some", digest="0" * 64, fingerprint="some", architecture="mistral")


@pytest.fixture(autouse=True)
def _no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def train_on(folder: Path, size_bytes: int) -> None:
    """On a base of that size; there is no dataset, so that no training begins."""
    base = folder / "base"
    base.mkdir()
    (base / "config.json").write_text('{"hidden_size": 256}')
    with (base / "model.safetensors").open("wb") as file:
        file.truncate(size_bytes)  # a sparse file: only its size is looked at
    layers.train_layer(
        pod_on(folder / "workspace", base), "leases", NO_DATASET, SOME, layer_orders.QUICK
    )


def test_a_big_base_is_refused_where_no_gpu_is(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="run it on a GPU pod"):
        train_on(tmp_path, MOST_BYTES_ON_A_PROCESSOR + 1)


def test_a_big_base_is_trained_on_the_processor_if_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMINA_TRAIN_ON_CPU", "true")

    with pytest.raises(NotFoundError, match="dataset"):
        train_on(tmp_path, MOST_BYTES_ON_A_PROCESSOR + 1)


def test_a_small_base_is_trained_on_the_processor(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="dataset"):
        train_on(tmp_path, 10_000_000)
