import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))  # its builders serve here, too

import layer_orders
import miniature_base
from both_engines import LLAMA_CPP_DIR

from lamina.artifacts import ArtifactRef
from lamina.passport import BaseIdentity, identify_hf
from lamina.progress import Silent
from lamina.store import Store


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A miniature base whose matrices are wide enough for Q4_K (rows of 256)."""
    folder = tmp_path_factory.mktemp("models") / "miniature"
    return miniature_base.build(folder, hidden=256)


@pytest.fixture(scope="session")
def identity(base: Path) -> BaseIdentity:
    return identify_hf(base)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("workspace") / "store")


@pytest.fixture(scope="session")
def adapters(store: Store, base: Path) -> tuple[ArtifactRef, ...]:
    """Two trained layers: leases and goodwill."""
    from lamina.training.recipe import train_layer

    orders = (layer_orders.order(store, base, layer) for layer in ("leases", "goodwill"))
    return tuple(train_layer(each, store=store, progress=Silent(), threads=1) for each in orders)


@pytest.fixture(scope="session")
def f16(store: Store, base: Path, identity: BaseIdentity) -> Path:
    """The base as F16 GGUF."""
    from lamina.conversion.convert import convert_to_gguf

    ref = convert_to_gguf(
        base,
        identity,
        store=store,
        progress=Silent(),
        llama_cpp_dir=LLAMA_CPP_DIR,
        ftype="F16",
    )
    return store.path(ref) / "model.gguf"
