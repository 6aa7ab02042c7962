"""Two workspaces of this room's own, whose layers and GGUF files the converter's child has made."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from here import Here
from made import LAYERS, Made

from lamina.artifacts import ArtifactRef
from lamina.conversion.converter import Converter
from lamina.conversion.jobs import Job, Reply
from lamina.conversion.parity import ParityOrder
from lamina.orders import CheckParity
from lamina.passport import BaseIdentity
from lamina.stages import parity
from lamina.stages.pod import Pod
from lamina.store import Store

ASK_THE_CHILD = Converter._ask  # noqa: SLF001 - the seam at which `here` comes in


@pytest.fixture(scope="module")
def here() -> Iterator[Here]:
    """Meanwhile a converter's jobs are done in this process."""
    found = Here()

    def ask(converter: Converter, job: Job) -> Reply:
        return found.ask(converter, job)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Converter, "_ask", ask)
        yield found


def copied(made: Made, factory: pytest.TempPathFactory) -> Pod:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Converter, "_ask", ASK_THE_CHILD)
        return made.published().copy(factory.mktemp("conversion") / "workspace")


# -- on the miniature base --------------------------------------------------------------------


@pytest.fixture(scope="session")
def pod(miniature: Made, tmp_path_factory: pytest.TempPathFactory) -> Pod:
    """With two published layers, leases and goodwill."""
    return copied(miniature, tmp_path_factory)


@pytest.fixture(scope="session")
def base(pod: Pod) -> Path:
    return pod.workspace.base


@pytest.fixture(scope="session")
def store(pod: Pod) -> Store:
    return pod.store


@pytest.fixture(scope="session")
def identity(miniature: Made) -> BaseIdentity:
    return miniature.identity


@pytest.fixture(scope="session")
def adapters(pod: Pod, miniature: Made) -> tuple[ArtifactRef, ...]:
    """The two layers as PEFT."""
    del pod
    return tuple(miniature.adapter(name) for name in LAYERS)


@pytest.fixture(scope="session")
def exported(pod: Pod, miniature: Made) -> list[ArtifactRef]:
    """The same as GGUF."""
    del pod
    return [miniature.exported(name) for name in LAYERS]


@pytest.fixture(scope="session")
def f16(store: Store, miniature: Made) -> Path:
    """The base as F16 GGUF."""
    return store.path(miniature.gguf("F16")) / "model.gguf"


# -- on the embedded base ---------------------------------------------------------------------


@pytest.fixture(scope="session")
def tiny(embedded: Made, tmp_path_factory: pytest.TempPathFactory) -> Pod:
    """With two published layers, leases and goodwill."""
    return copied(embedded, tmp_path_factory)


@pytest.fixture(scope="session")
def leases(tiny: Pod, embedded: Made) -> ArtifactRef:
    """One of them as PEFT."""
    del tiny
    return embedded.adapter("leases")


@pytest.fixture(scope="session")
def order(tiny: Pod, leases: ArtifactRef) -> ParityOrder:
    """Its ladder, to be climbed."""
    return parity.parity_order(tiny, leases, CheckParity(merged="no"))


@pytest.fixture(scope="session")
def sound(tiny: Pod, leases: ArtifactRef) -> ArtifactRef:
    """Its ladder, climbed to the end."""
    return parity.check_parity(tiny, leases, CheckParity(merged="yes"))
