"""PEFT folders as other tools leave them, for the tiny base: no manifest, no torch."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tiny_gguf

from lamina.safetensors_stream import Entry, write_file

PARTS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "mlp.up_proj": "ffn_up",
}
CONFIG = {
    "peft_type": "LORA",
    "base_model_name_or_path": "/somewhere/model",
    "r": 4,
    "lora_alpha": 8,
    "lora_dropout": 0.05,
    "bias": "none",
    "target_modules": [name.rpartition(".")[2] for name in PARTS],
    "task_type": "CAUSAL_LM",
    "init_lora_weights": True,
}


def write_folder(  # noqa: PLR0913 - every way a folder can be wrong
    folder: Path,
    *,
    seed: int = 1,
    rank: int = 4,
    dtype: str = "F32",
    parts: Sequence[str] = tuple(PARTS),
    ranks: Mapping[str, int] | None = None,
    hidden: int = tiny_gguf.HIDDEN,
    rename: Mapping[str, str] | None = None,
    strength: float = 1.0,
    **config: object,
) -> Path:
    """A layer on these parts of every block; `rename` changes names of tensors."""
    folder.mkdir(parents=True, exist_ok=True)
    said = {key: value for key, value in {**CONFIG, "r": rank, **config}.items() if value != "gone"}
    (folder / "adapter_config.json").write_text(json.dumps(said))
    random = np.random.default_rng(seed)
    entries, contents = [], []
    for block in range(tiny_gguf.LAYERS):
        for part in parts:
            wide, high = hidden, tiny_gguf.MATRICES[PARTS[part]][1]
            inner = (ranks or {}).get(part, rank)
            a = random.standard_normal((inner, wide)) * wide**-0.5
            b = random.standard_normal((high, inner)) * strength
            for half, values in (("A", a), ("B", b)):
                name = f"base_model.model.model.layers.{block}.{part}.lora_{half}.weight"
                for old, new in (rename or {}).items():
                    name = name.replace(old, new)
                raw = packed(values, dtype)
                entries.append(Entry(name, dtype, values.shape, folder, 0, len(raw)))
                contents.append(raw)
    write_file(folder / "adapter_model.safetensors", entries, contents)
    return folder


def packed(values: np.ndarray, dtype: str) -> bytes:
    if dtype == "BF16":  # the upper half of a float32
        return (values.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return values.astype({"F32": "<f4", "F16": "<f2"}[dtype]).tobytes()
