"""A layer's papers: in the manifest of a PEFT folder, in the metadata of a GGUF file."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.errors import DamagedError
from lamina.fingerprint import canonical
from lamina.gguf import Header

PREFIX = "lamina."


class Passport(BaseModel):
    """Identity papers of a layer. Held-out numbers are mean loss in nats per token."""

    model_config = ConfigDict(frozen=True)

    layer: str
    base_name: str
    base_digest: str = Field(description="sha256 over the base's Hugging Face files")
    base_fingerprint: str = Field(description="see the module; equal for all forms of one base")
    architecture: str
    base_quantized_from: str | None = Field(
        None, description="type that the base's weights had as GGUF before they were unpacked"
    )
    preset: str
    rank: int
    alpha: float
    dataset: str | None = Field(
        None, description="digest of the dataset artifact; none is known of an imported layer"
    )
    documents: tuple[str, ...] = Field(description="sha256 of each PDF it was trained on")
    heldout_loss_base: float | None = None
    heldout_loss: float | None = None
    parents: tuple[str, ...] = Field(
        (), description="layers folded into this one, as <layer>:<scale>@<artifact digest>"
    )
    fold_error: float | None = Field(
        None, description="of a folded layer: relative, in the Frobenius norm of its whole change"
    )

    def metadata(self) -> dict[str, str | int | float]:
        """As GGUF metadata: one key a field under `lamina.`, lists as JSON."""
        fields = self.model_dump(mode="json", exclude_none=True)
        if not self.parents:  # files of layers that were trained stay as they were
            del fields["parents"]
        return {
            PREFIX + name: canonical(value) if isinstance(value, list) else value
            for name, value in fields.items()
        }

    @classmethod
    def from_gguf(cls, header: Header) -> "Passport | None":
        """The passport of a GGUF layer; None for one that Lamina did not make.

        Raises:
            DamagedError: there is a passport, but it cannot be read.

        """
        fields: dict[str, Any] = {
            key.removeprefix(PREFIX): value
            for key, value in header.metadata.items()
            if key.startswith(PREFIX)
        }
        if not fields:
            return None
        try:
            for name in ("documents", "parents"):
                fields[name] = json.loads(str(fields.get(name, "[]")))
            return cls.model_validate(fields)
        except ValueError as broken:
            msg = f"the passport in {header.path} cannot be read; export the layer again"
            raise DamagedError(msg) from broken

    @classmethod
    def from_manifest(cls, folder: Path) -> "Passport | None":
        """The passport of a PEFT folder; None where no `manifest.json` with one lies in it."""
        path = folder / "manifest.json"
        try:
            facts = json.loads(path.read_bytes()).get("facts", {})
            return cls.model_validate(facts["passport"]) if "passport" in facts else None
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, AttributeError) as broken:
            msg = f"the passport in {path} cannot be read; train the layer again"
            raise DamagedError(msg) from broken
