"""Opens a trained layer and refuses what could not be carried over exactly."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.errors import DamagedError, InvalidInputError, MismatchError
from lamina.passport import BaseIdentity, Passport
from lamina.peft_folders import PLAIN
from lamina.store import Store


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer's folder in the store, with its papers."""

    ref: ArtifactRef
    folder: Path
    passport: Passport


def open_layer(ref: ArtifactRef, store: Store) -> Layer:
    """The layer, if it is one that merge and export carry over exactly.

    Raises:
        InvalidInputError: rsLoRA, DoRA, alpha_pattern, modules_to_save and the like.
        DamagedError: its configuration and its passport do not say the same.

    """
    folder = store.open(ref)
    passport = Passport.from_manifest(folder)
    if passport is None:
        msg = f"{ref} has no passport; train the layer again"
        raise DamagedError(msg)
    config = json.loads((folder / "adapter_config.json").read_bytes())
    check_plain(config, passport)
    return Layer(ref, folder, passport)


def check_plain(config: dict[str, Any], passport: Passport) -> None:
    """Raise unless the configuration is plain LoRA of the strength that the passport names."""
    for key, allowed in PLAIN.items():
        value = config.get(key, allowed[0])
        if value not in allowed:
            msg = (
                f"layer {passport.layer} uses {key}={value!r}, which GGUF cannot carry exactly; "
                "train it as plain LoRA"
            )
            raise InvalidInputError(msg)
    said = (config["r"], float(config["lora_alpha"]))
    if said != (passport.rank, passport.alpha):
        msg = (
            f"layer {passport.layer} says rank and alpha {said} in adapter_config.json but "
            f"{(passport.rank, passport.alpha)} in its passport; train it again"
        )
        raise DamagedError(msg)


def check_base(layer: Layer, base: BaseIdentity) -> None:
    """Raise MismatchError unless the layer was trained on this very base, still plain."""
    passport = layer.passport
    if base.layers:
        held = ", ".join(base.layers)
        msg = f"model {base.name} already contains {held}; use the plain base"
        raise MismatchError(msg)
    if passport.base_digest != base.digest:
        msg = (
            f"layer {passport.layer} was trained on base {passport.base_name} "
            f"({passport.base_digest[:12]}), not on {base.name} ({(base.digest or '')[:12]}); "
            "train it on this base"
        )
        raise MismatchError(msg)
