"""What several rooms' tests need and is dear, made once a session by the product's own stages."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from made import Made, miniature_base_in
from pods import pod_on

# Two OpenMP programs on two cores crawl: each of ours takes one, and its children, too.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# No test judges how busy the machine is, and none fails by the luck of a draw: the same examples
# each time. New ones are looked for by `make slow`.
hypothesis.settings.register_profile(
    "lamina",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("lamina")
hypothesis.settings.register_profile("exploring", derandomize=False, max_examples=500)


# Rooms whose tests stay together: one house for all, one Prefect server, torch loaded once.
TOGETHER = {
    "pods": "pods", "flows": "flows", "bases": "torch", "conversion": "torch", "training": "torch",
    "peft_folders": "torch",
}  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no worker is left alone with it at the end."""
    lanes = list(dict.fromkeys(TOGETHER.values()))
    items.sort(key=lambda item: (_place(item, lanes), item.get_closest_marker("service") is None))


def _place(item: pytest.Item, lanes: list[str]) -> int:
    lane = TOGETHER.get(item.path.parent.name)
    return lanes.index(lane) if lane else len(lanes)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:  # noqa: ANN401 - xdist's
    """A file stays with one worker, and so does what is dear and shared."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file, _, _ = nodeid.partition("::")
            return TOGETHER.get(Path(file).parent.name, file)

    return ByFile(config, log)


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all processes of this run: xdist's parent folder, or the one that is named."""
    if named := os.environ.get("LAMINA_TEST_SESSION"):
        return Path(named)
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)  # noqa: S607 - the system's own


@pytest.fixture(scope="session")
def miniature(session_folder: Path) -> Made:
    """A workspace on a base with random weights: for whatever need not make sense."""
    base = miniature_base_in(session_folder / "bases")
    return Made(pod_on(session_folder / "miniature", base))


@pytest.fixture(scope="session")
def embedded(session_folder: Path) -> Made:
    """A workspace on the embedded base, which answers questions."""
    return Made(pod_on(session_folder / "embedded", "tiny"))


@pytest.fixture(scope="session")
def base_q4(embedded: Made) -> Path:
    """The embedded base as Q4_K_M GGUF."""
    return embedded.store.path(embedded.gguf()) / "model.gguf"
