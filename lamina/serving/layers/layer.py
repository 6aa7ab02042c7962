"""One version of a layer, as the registry knows it."""

from dataclasses import dataclass
from pathlib import Path

from lamina.errors import LaminaError
from lamina.passport import Passport
from lamina.serving.layers.blends import AppliedLayer
from lamina.serving.layers.files import Stamp


@dataclass(frozen=True)
class Layer:
    """One version of a layer. `problem` says why it cannot be used; then there is no digest."""

    id: int
    name: str
    path: Path
    stamp: Stamp
    digest: str = ""
    passport: Passport | None = None
    alpha: float = 0.0
    rank: int = 0
    profile: str = ""  # of what it was trained on, by which `auto` finds it
    problem: LaminaError | None = None
    in_folder: bool = False  # known because it lies in the adapters folder, and only as long
    source: Path | None = None  # the PEFT folder that a caller named, which the file was made of

    @property
    def size_bytes(self) -> int:
        """Size of the file; about what the layer takes in memory."""
        return self.stamp[0]

    def applied(self, scale: float) -> AppliedLayer:
        """This version at one strength.

        Raises:
            LaminaError: why the file cannot be used.

        """
        if self.problem:
            raise self.problem
        return AppliedLayer(self.digest, scale, self.name, self.path, self.size_bytes, self.stamp)
