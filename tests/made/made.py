"""What is dear and several rooms need: a base, layers on it and their GGUF files, made once.

All processes of a run of the tests share these workspaces. A stage of the product makes an artifact
only where the store does not hold it, and whoever comes second waits: so nothing here needs a lock
of its own. What lies here is only read; a test that changes something takes a copy.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import layer_orders
import miniature_base
from pods import pod_on

from lamina.artifacts import ArtifactRef
from lamina.passport import BaseIdentity
from lamina.progress import Silent
from lamina.stages import corpus, layers, models
from lamina.stages.pod import Pod
from lamina.store import Stage, Store

LAYERS = tuple(layer_orders.FACTS)  # leases and goodwill
_IN_MOTION = shutil.ignore_patterns(".*", "checkpoints", "locks", "logs", "tmp")


@dataclass(frozen=True)
class Made:
    """A workspace on one base; each of its parts is made when it is first asked for."""

    pod: Pod

    @property
    def base(self) -> Path:
        """In Hugging Face form."""
        return self.pod.workspace.base

    @property
    def store(self) -> Store:
        return self.pod.store

    @property
    def identity(self) -> BaseIdentity:
        return corpus.find_base(self.pod)

    def dataset(self, layer: str = LAYERS[0]) -> ArtifactRef:
        """Four rows that state one fact."""
        return layer_orders.dataset(self.store, layer)

    def adapter(self, layer: str = LAYERS[0]) -> ArtifactRef:
        """A layer trained on its dataset: a PEFT folder with its passport."""
        from lamina.training.recipe import train_layer

        order = layer_orders.order(self.store, self.base, layer)
        return train_layer(order, store=self.store, progress=Silent(), threads=1)

    def exported(self, layer: str = LAYERS[0]) -> ArtifactRef:
        """The layer as GGUF."""
        return layers.export_layers(self.pod, [self.adapter(name) for name in LAYERS])[
            LAYERS.index(layer)
        ]

    def gguf(self, ftype: str = models.FTYPE) -> ArtifactRef:
        """The base as GGUF."""
        models.convert_base(self.pod, self.identity, "F16")  # kept: no other type converts again
        return models.convert_base(self.pod, self.identity, ftype)

    def published(self) -> "Made":
        """With base and layers under the names by which people know them."""
        models.publish_base(self.pod, self.gguf())
        adapters = {name: self.adapter(name) for name in LAYERS}
        layers.publish_layers(self.pod, adapters, [self.exported(name) for name in LAYERS])
        return self

    def copy(self, folder: Path) -> Pod:
        """A pod of the test's own with all that was made so far."""
        shutil.copytree(self.pod.workspace.root, folder, symlinks=True, ignore=_IN_MOTION)
        return pod_on(folder, self.base)


def miniature_base_in(folder: Path, hidden: int = 256) -> Path:
    """A miniature base; from 256 on wide enough for Q4_K, whose rows are of 256."""

    def make(draft: Path) -> dict[str, object]:
        miniature_base.build(draft / "miniature", hidden=hidden)
        return {}

    store = Store(folder)
    ref = store.once("base", Stage("miniature", 1), {"hidden": hidden}, make)
    return store.path(ref) / "miniature"
