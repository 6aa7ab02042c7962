"""One house for the session: started as `make up` starts it, on free ports."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import House

from lamina.demo import handbooks, world


def free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    running = House(tmp_path_factory.mktemp("house"), free_ports())
    try:
        running.make("up")
        running.pause("watch-pdfs/cpu")  # `lamina watch` announces; every two minutes is for pods
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
