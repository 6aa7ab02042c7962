from pathlib import Path

import layer_orders
import pytest
from made import miniature_base_in

from lamina.artifacts import ArtifactRef
from lamina.progress import Silent
from lamina.store import Store


@pytest.fixture(scope="session")
def base(session_folder: Path) -> Path:
    """A miniature base, narrower than those that are converted: a layer trains in a second."""
    return miniature_base_in(session_folder / "bases", hidden=64)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture(scope="session")
def shared(session_folder: Path) -> Store:
    """The store of what is trained once for all tests."""
    return Store(session_folder / "training")


@pytest.fixture(scope="session")
def leases(shared: Store, base: Path) -> ArtifactRef:
    """The layer of `layer_orders.order`, in the shared store."""
    return trained(shared, layer_orders.order(shared, base))


@pytest.fixture(scope="session")
def overshot(shared: Store, base: Path) -> ArtifactRef:
    """The layer of `layer_orders.overshooting`: its best step came long before its end."""
    return trained(shared, layer_orders.overshooting(shared, base))


def trained(store: Store, order: layer_orders.LayerOrder) -> ArtifactRef:
    from lamina.training.recipe import train_layer

    return train_layer(order, store=store, progress=Silent(), threads=1)
