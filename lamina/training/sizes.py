"""What a profile costs on a base: parameters, memory, operations, disk. Pure.

Figures follow from the base's `config.json`; they are estimates but for the parameters.
"""

from collections.abc import Mapping
from typing import Any

from lamina.errors import InvalidInputError
from lamina.training.profiles import Profile


def linear_shapes(config: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """(inputs, outputs) of the linear modules of one block of a Llama-like base."""
    hidden, inner = int(config["hidden_size"]), int(config.get("intermediate_size") or 0)
    heads = int(config.get("num_attention_heads") or 1)
    width = int(config.get("head_dim") or hidden // heads)
    keys = int(config.get("num_key_value_heads") or heads)
    return {
        "q_proj": (hidden, heads * width),
        "k_proj": (hidden, keys * width),
        "v_proj": (hidden, keys * width),
        "o_proj": (heads * width, hidden),
        "gate_proj": (hidden, inner),
        "up_proj": (hidden, inner),
        "down_proj": (inner, hidden),
    }


def trainable_parameters(chosen: Profile, config: Mapping[str, Any]) -> int:
    """Rank * (inputs + outputs) of every targeted module in every block.

    Raises:
        InvalidInputError: a target is no linear module of the base.

    """
    shapes = linear_shapes(config)
    if unknown := sorted(set(chosen.targets) - shapes.keys()):
        msg = f"the base has no linear module {unknown[0]!r}; choose among {', '.join(shapes)}"
        raise InvalidInputError(msg)
    each = sum(chosen.rank * sum(shapes[name]) for name in set(chosen.targets))
    return each * int(config["num_hidden_layers"])


def base_parameters(config: Mapping[str, Any]) -> tuple[int, int]:
    """Weights in linear modules of the blocks, and in the embeddings of input and output."""
    blocks, hidden = int(config["num_hidden_layers"]), int(config["hidden_size"])
    embedding = int(config["vocab_size"]) * hidden
    tied = bool(config.get("tie_word_embeddings"))
    linear = blocks * sum(a * b for a, b in linear_shapes(config).values())
    return linear, embedding if tied else 2 * embedding


def flops_per_token(chosen: Profile, config: Mapping[str, Any]) -> int:
    """Of one training step: the base forward and backward to its activations, the layer in full.

    Two operations a weight and pass. A frozen weight takes part in two passes, a trained one in
    three; attention itself is left out, a few per cent at these lengths.
    """
    linear, _ = base_parameters(config)
    head = int(config["vocab_size"]) * int(config["hidden_size"])
    return 4 * (linear + head) + 6 * trainable_parameters(chosen, config)


def memory_bytes(chosen: Profile, config: Mapping[str, Any]) -> int:
    """Peak memory: base weights, the layer with its Adam state, activations of one pack.

    `auto` counts as unquantized float32, the largest case. NF4 with double quantization takes
    0.516 bytes a weight (QLoRA, arXiv 2305.14314, section 3). The layer takes 20 bytes a
    parameter: value, gradient, two moments and the best value so far in float32.
    """
    width = _bytes_per_value(chosen)
    linear, embeddings = base_parameters(config)
    weights = linear * (0.516 if chosen.quantize == "nf4" else width) + embeddings * width
    layer = 20 * trainable_parameters(chosen, config)
    return int(weights + layer + activation_bytes(chosen, config))


def disk_bytes(chosen: Profile, config: Mapping[str, Any]) -> int:
    """What a run may write at once: a checkpoint beside the one it replaces, then the layer.

    A checkpoint holds value, two moments and the best value so far in float32.
    """
    return (2 * 16 + 4) * trainable_parameters(chosen, config) + (4 << 20)


def activation_bytes(chosen: Profile, config: Mapping[str, Any]) -> int:
    """What autograd keeps of one pack.

    Of a block about 8 vectors of the hidden width and 5 of the inner width a token; once the
    logits and their gradient in float32.
    """
    hidden, inner = int(config["hidden_size"]), int(config.get("intermediate_size") or 0)
    block = _bytes_per_value(chosen) * (8 * hidden + 5 * inner)
    logits = 8 * int(config["vocab_size"])
    return chosen.sequence_tokens * (int(config["num_hidden_layers"]) * block + logits)


def _bytes_per_value(chosen: Profile) -> int:
    return 2 if chosen.dtype == "bfloat16" or chosen.quantize == "nf4" else 4
