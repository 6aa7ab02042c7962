"""`adapter_config.json`: how strongly each module is changed, and what cannot be carried over.

PEFT adds scale * B A to a weight, where scale is alpha / r, or alpha / sqrt(r) with rsLoRA, and
alpha may differ from module to module (https://arxiv.org/abs/2312.03732; peft's LoraConfig).
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamina.errors import DamagedError, InvalidInputError, NotFoundError

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
# Values under which W + (alpha/r)BA is the whole truth. Anything else would come out of llama.cpp's
# converter at another strength, or not at all, without a word.
PLAIN: dict[str, tuple[object, ...]] = {
    "peft_type": ("LORA",),
    "use_rslora": (False, None),
    "use_dora": (False, None),
    "use_qalora": (False, None),
    "use_bdlora": (False, None),
    "alpha_pattern": ({}, None),
    "rank_pattern": ({}, None),
    "modules_to_save": (None, []),
    "bias": ("none", None),
    "lora_bias": (False, None),
    "fan_in_fan_out": (False, None),
    "layer_replication": (None, []),
    "target_parameters": (None, []),
    "trainable_token_indices": (None, []),
    "alora_invocation_tokens": (None, []),
    "arrow_config": (None,),
    "kasa_config": (None,),
}
_CARRIED = {"use_rslora", "alpha_pattern", "rank_pattern"}  # strengths, which are put into B here
# These began with a change of the base itself, so the layer is right on that base alone.
_OTHER_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga")
_MAX_BYTES = 1 << 20
_PATTERN = re.compile(r"[\w.^$\\-]{1,200}\Z")  # of names; what could take for ever is none


@dataclass(frozen=True, slots=True)
class Lora:
    """What a folder's configuration says."""

    rank: int
    alpha: float
    rslora: bool
    alphas: Mapping[str, float]  # by a pattern of module names
    base: str  # name or path of the base it was trained on; may be empty

    def scale(self, module: str, rank: int) -> float:
        """What PEFT multiplies B A of this module with; `rank` is that of its matrices."""
        alpha = self.alpha
        for pattern, value in self.alphas.items():
            if re.match(rf"(.*\.)?({pattern})$", module):  # as peft's get_pattern_key has it
                alpha = value
                break
        return alpha / (math.sqrt(rank) if self.rslora else rank)


def read_config(folder: Path) -> Lora:
    """The configuration of a PEFT folder.

    Raises:
        NotFoundError: the folder holds no PEFT layer.
        DamagedError: the configuration cannot be read.
        InvalidInputError: it is of a kind that GGUF cannot carry exactly.

    """
    path = folder / CONFIG
    if not path.is_file():
        msg = f"folder {folder} holds no PEFT layer ({CONFIG}); check the path"
        raise NotFoundError(msg)
    try:
        with path.open("rb") as file:
            said = json.loads(file.read(_MAX_BYTES))
        lora = Lora(
            rank=_whole(said["r"]),
            alpha=_real(said["lora_alpha"]),
            rslora=said.get("use_rslora") is True,
            alphas=_alphas(said.get("alpha_pattern") or {}),
            base=str(said.get("base_model_name_or_path") or ""),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, re.error) as broken:
        msg = f"{path} is no configuration of a LoRA layer; copy the folder again"
        raise DamagedError(msg) from broken
    _refuse(folder, said)
    return lora


def _refuse(folder: Path, said: Mapping[str, Any]) -> None:
    for key, plain in PLAIN.items():
        value = said.get(key, plain[0])
        if value not in plain and key not in _CARRIED:
            msg = (
                f"layer {folder.name} uses {key}={str(value)[:80]}, which GGUF cannot carry "
                "exactly; train it as LoRA without that"
            )
            raise InvalidInputError(msg)
    start = str(said.get("init_lora_weights", "")).lower()
    if start.startswith(_OTHER_BASE):
        msg = (
            f"layer {folder.name} began with {start}, which changes the base itself; save it with "
            "PEFT's path_initial_model_for_weight_conversion, which makes it a plain LoRA"
        )
        raise InvalidInputError(msg)


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 16:
        raise ValueError(value)
    return value


def _real(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e6:  # noqa: PLR2004
        raise ValueError(value)
    return float(value)


def _alphas(said: Mapping[str, object]) -> dict[str, float]:
    return {_pattern(key): _real(alpha) for key, alpha in said.items()}


def _pattern(key: str) -> str:
    if not _PATTERN.match(key):
        raise ValueError(key)
    re.compile(key)
    return key
