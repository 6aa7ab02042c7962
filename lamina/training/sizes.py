"""What a profile costs on a base: parameters, memory, operations, disk. Pure.

Figures follow from the base's `config.json`; they are estimates but for the parameters.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lamina.errors import InvalidInputError
from lamina.training.attention import PLAIN
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


class Activations(NamedTuple):
    """What autograd keeps, in bytes a token."""

    block: int  # of one block
    entry: int  # of a block that is computed again: its input
    rest: int  # outside of the blocks, and what a backward pass needs for the moment


def activations(chosen: Profile, config: Mapping[str, Any]) -> Activations:
    """Of our own blocks where the architecture is plain, else of transformers' with PEFT's layers.

    Ours keep both residuals and both norms' outputs, queries, keys, values and their result, and
    three vectors of the inner width; with dropout one byte a value that layers read. PEFT keeps the
    dropped input of each layer besides, and transformers' norms a copy in float32.
    """
    width, shapes = _bytes_per_value(chosen), linear_shapes(config)
    (hidden, queries), (_, keys) = shapes["q_proj"], shapes["k_proj"]
    inner = shapes["gate_proj"][1]
    attended, swiglu = 2 * queries + 2 * keys, 3 * inner
    targets = set(chosen.targets)
    ranks = chosen.rank * len(targets)
    mask = int(chosen.dropout > 0)
    if config.get("model_type") in PLAIN:
        values = 4 * hidden + attended + swiglu + ranks
        masks = mask * sum(read for part, read in _inputs(shapes) if targets & part)
        rest = width * (4 * hidden + 4 * inner)
    else:
        values = 2 * hidden + attended + swiglu + ranks
        masks = (width + mask) * sum(shapes[name][0] for name in targets) + 8 * hidden
        rest = width * 4 * inner + (8 + width) * int(config["vocab_size"])
    return Activations(width * values + masks, width * hidden, rest)


def _inputs(shapes: Mapping[str, tuple[int, int]]) -> Iterator[tuple[set[str], int]]:
    """Modules that read the same input, and its width."""
    for names in (("q_proj", "k_proj", "v_proj"), ("o_proj",), ("gate_proj", "up_proj")):
        yield set(names), shapes[names[0]][0]
    yield {"down_proj"}, shapes["down_proj"][0]


def layer_bytes(chosen: Profile, config: Mapping[str, Any]) -> int:
    """Value, gradient, two moments and the best value so far, each in float32."""
    return 20 * trainable_parameters(chosen, config)


def memory_bytes(chosen: Profile, config: Mapping[str, Any], tokens: int = 0) -> int:
    """Peak memory: base weights, the layer with its Adam state, activations of one pass.

    Without `tokens` the pass is the longest pack. `auto` counts as unquantized float32, the largest
    case. NF4 with double quantization takes 0.516 bytes a weight (QLoRA, arXiv 2305.14314,
    section 3).
    """
    width, kept = _bytes_per_value(chosen), activations(chosen, config)
    linear, embeddings = base_parameters(config)
    weights = linear * (0.516 if chosen.quantize == "nf4" else width) + embeddings * width
    a_token = int(config["num_hidden_layers"]) * kept.block + kept.rest
    passed = (tokens or chosen.sequence_tokens) * a_token
    return int(weights + layer_bytes(chosen, config) + passed)


def disk_bytes(chosen: Profile, config: Mapping[str, Any]) -> int:
    """What a run may write at once: a checkpoint beside the one it replaces, then the layer.

    A checkpoint holds value, two moments and the best value so far in float32.
    """
    return (2 * 16 + 4) * trainable_parameters(chosen, config) + (4 << 20)


def _bytes_per_value(chosen: Profile) -> int:
    return 2 if chosen.dtype == "bfloat16" or chosen.quantize == "nf4" else 4
