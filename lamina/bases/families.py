"""What llama.cpp calls a family of models, as Hugging Face's `config.json`.

A GGUF file holds the shapes under `<architecture>.*`. Only families whose tensors are known one by
one are here; what a file has beyond them is refused where its weights are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lamina.bases.rope import rope_scaling
from lamina.errors import DamagedError, InvalidInputError
from lamina.gguf import Header

_BLOCK = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_HEAD_NORMS = {"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}
_GEMMA = {
    **_BLOCK,
    **_HEAD_NORMS,
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}


@dataclass(frozen=True)
class Family:
    """How one architecture of llama.cpp's is written in Hugging Face form."""

    model_type: str
    model_class: str
    block: Mapping[str, str]  # names of a block's tensors, llama.cpp's and Hugging Face's
    rotated: bool = False  # llama.cpp's converter reorders the rows of q and k
    norm_shift: float = 0.0  # llama.cpp's converter adds it to every norm


FAMILIES: dict[str, Family] = {
    "llama": Family("llama", "LlamaForCausalLM", _BLOCK, rotated=True),  # Mistral's, too
    "qwen2": Family("qwen2", "Qwen2ForCausalLM", _BLOCK),
    "qwen3": Family("qwen3", "Qwen3ForCausalLM", {**_BLOCK, **_HEAD_NORMS}),
    "gemma3": Family("gemma3_text", "Gemma3ForCausalLM", _GEMMA, norm_shift=1.0),
}
_GEMMA_PATTERN = 6  # every sixth block attends to everything
_GEMMA_27B_BLOCKS = 62


def family_of(header: Header) -> Family:
    """The family of a model file.

    Raises:
        InvalidInputError: the file is no language model, or of a family that is not known here.

    """
    architecture = header.text("general.architecture")
    if header.text("general.type") == "adapter" or not architecture:
        msg = f"{header.path.name} is a layer or something else, not a model; name a model's GGUF"
        raise InvalidInputError(msg)
    if architecture not in FAMILIES or header.number(f"{architecture}.expert_count"):
        kind = architecture if architecture not in FAMILIES else f"{architecture} with experts"
        msg = (
            f"{header.path.name} is a model of the family {kind}, which cannot be trained from "
            f"GGUF; those that can are {', '.join(FAMILIES)} (Mistral is of llama's)"
        )
        raise InvalidInputError(msg)
    return FAMILIES[architecture]


def config_of(header: Header) -> dict[str, Any]:
    """`config.json` of the model, without its special tokens.

    Raises:
        DamagedError: a shape is missing, or no shape.

    """
    family = family_of(header)
    heads = _count(header, "attention.head_count")
    hidden = _count(header, "embedding_length")
    width = _count(header, "attention.key_length", _count(header, "rope.dimension_count", 0))
    width = width or hidden // heads
    config = {
        "architectures": [family.model_class],
        "model_type": family.model_type,
        "hidden_size": hidden,
        "intermediate_size": _count(header, "feed_forward_length"),
        "num_hidden_layers": _blocks(header),
        "num_attention_heads": heads,
        "num_key_value_heads": _count(header, "attention.head_count_kv", heads),
        "head_dim": width,
        "vocab_size": _rows(header, "token_embd.weight"),
        "max_position_embeddings": _count(header, "context_length"),
        "rms_norm_eps": _real(header, "attention.layer_norm_rms_epsilon"),
        "rope_theta": _real(header, "rope.freq_base", 10_000.0),
        "tie_word_embeddings": "output.weight" not in header.tensors,
        "hidden_act": "silu",
        "attention_bias": "blk.0.attn_q.bias" in header.tensors,
        "torch_dtype": "bfloat16",
        **_particulars(header, family, width),
    }
    if scaling := rope_scaling(header, width, config["rope_theta"]):
        config["rope_scaling"] = scaling
    return config


def _particulars(header: Header, family: Family, width: int) -> dict[str, Any]:
    """What a family's config says beyond the common."""
    if family.model_type == "qwen2":
        return {"use_sliding_window": False}
    if family.model_type != "gemma3_text":
        return {"mlp_bias": "blk.0.ffn_up.bias" in header.tensors}
    blocks = _blocks(header)
    hidden, heads = _count(header, "embedding_length"), _count(header, "attention.head_count")
    kinds = ("sliding_attention", "full_attention")
    return {
        "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": hidden // heads if blocks == _GEMMA_27B_BLOCKS else width,
        "sliding_window": _count(header, "attention.sliding_window"),
        "layer_types": [kinds[(block + 1) % _GEMMA_PATTERN == 0] for block in range(blocks)],
        "rope_local_base_freq": _real(header, "rope.freq_base_swa", 10_000.0),
    }


def _blocks(header: Header) -> int:
    """The number of blocks, which no file can claim without the tensors."""
    blocks = _count(header, "block_count")
    if blocks > len(header.tensors):
        raise damaged(header, f"it claims {blocks} blocks and has {len(header.tensors)} tensors")
    return blocks


def _count(header: Header, key: str, default: int | None = None) -> int:
    name = f"{header.text('general.architecture')}.{key}"
    held = header.metadata.get(name)
    if isinstance(held, list) and held and all(one == held[0] for one in held):
        held = held[0]
    if held is None and default is not None:
        return default
    if not isinstance(held, int) or isinstance(held, bool) or not 0 < held < 1 << 31:
        said = "is missing" if held is None else f"is {str(held)[:40]}"
        raise damaged(header, f"its {name} {said}")
    return held


def _real(header: Header, key: str, default: float | None = None) -> float:
    name = f"{header.text('general.architecture')}.{key}"
    held = header.number(name)
    held = default if held is None else held
    if held is None or not 0 < held < 1e12:  # noqa: PLR2004 - no base frequency is near it
        raise damaged(header, f"its {name} {'is missing' if held is None else f'is {held}'}")
    return float(f"{held:.7g}")  # as people write it: a float32 holds no more digits


def _rows(header: Header, name: str) -> int:
    tensor = header.tensors.get(name)
    if tensor is None or len(tensor.shape) != 2:  # noqa: PLR2004 - a matrix
        raise damaged(header, f"its tensor {name} is missing or no matrix")
    return tensor.shape[1]


def damaged(header: Header, why: str) -> DamagedError:
    """The error for a file that contradicts itself."""
    return DamagedError(f"{header.path.name} cannot be taken as a base ({why}); get a sound copy")
