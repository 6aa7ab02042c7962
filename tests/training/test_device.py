"""A pod without a GPU says so at once, instead of crawling."""

from pathlib import Path

import pytest

from lamina.errors import ResourceError
from lamina.training.base import MOST_BYTES_ON_A_PROCESSOR, check_device


def base_of(folder: Path, size_bytes: int) -> Path:
    with (folder / "model.safetensors").open("wb") as file:
        file.truncate(size_bytes)  # a sparse file: only its size is looked at
    return folder


@pytest.fixture(autouse=True)
def _no_gpu() -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")


def test_a_big_base_is_refused_where_no_gpu_is(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="run it on a GPU pod"):
        check_device(base_of(tmp_path, MOST_BYTES_ON_A_PROCESSOR + 1))


def test_a_small_base_is_trained_on_the_processor(tmp_path: Path) -> None:
    check_device(base_of(tmp_path, 10_000_000))
