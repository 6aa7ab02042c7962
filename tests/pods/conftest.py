"""One house for the session, started as `make up` starts it; and the images, run as pods."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from container import Container, Image, images
from house import House, free_ports
from made import Made
from planted_keys import SECRETS

from lamina.demo import handbooks, world


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    running = House(tmp_path_factory.mktemp("house"), free_ports(), **SECRETS)
    try:
        running.make("up")
        running.edit_profile("layer", steps=8)  # no test here asks what was learnt
        yield running
    finally:
        running.make("down")
    assert running.processes() == []


@pytest.fixture(scope="session")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manual that the embedded base has never seen."""
    folder = tmp_path_factory.mktemp("manual")
    corpus = handbooks.write_handbooks(folder / "raw", folder / "questions")
    return next(path for path in corpus.pdfs if path.parent.name == "Marlow_Leasing")


@pytest.fixture(scope="session")
def questions() -> list[dict[str, str]]:
    facts = world.sample_topic("Marlow_Leasing").facts
    return [{"question": fact.examination(), "answer": fact.value} for fact in facts]


# -- images: only what `make images` has built, and only for root ----------------------------------


@pytest.fixture(scope="session")
def cpu_image() -> Iterator[Image]:
    yield from _mounted("cpu")


@pytest.fixture(scope="session")
def gpu_image() -> Iterator[Image]:
    yield from _mounted("gpu")


def _mounted(name: str) -> Iterator[Image]:
    image = Image(name)
    yield image
    images("unmount", str(image.root))


Run = Callable[..., Container]


@pytest.fixture
def run() -> Iterator[Run]:
    """Start containers that the test need not end."""
    started: list[Container] = []

    def start(image: Image, workspace: Path, **choices: Any) -> Container:  # noqa: ANN401
        started.append(Container(image, workspace, **choices))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture(scope="session")
def volume(miniature: Made, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A workspace on the miniature base with two layers, as a pod's volume; each test its own."""
    miniature.published()

    def copy(name: str) -> Path:
        folder = tmp_path_factory.mktemp("volume") / name
        work = miniature.copy(folder).workspace
        served = work.models / "mistral-7b-instruct-v0.2.Q4_K_M.gguf"  # where the guide has it
        served.symlink_to((work.models / "miniature.Q4_K_M.gguf").readlink())
        return folder

    return copy
