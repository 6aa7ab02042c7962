"""Which tensors a model has: their names in both worlds, and their shapes.

A model is taken over whole or not at all: each tensor must be there, and no other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lamina.bases.families import Family, damaged
from lamina.bases.rope import FACTORS
from lamina.errors import InvalidInputError
from lamina.gguf import Header, Tensor


@dataclass(frozen=True, slots=True)
class Weight:
    """One tensor: where it lies in the file, and what becomes of it."""

    source: Tensor
    name: str  # in Hugging Face form
    shape: tuple[int, ...]  # rows first
    head_rows: int = 0  # rows of a head whose order is to be restored; 0 = none
    shift: float = 0.0  # to be taken off


def weights_of(header: Header, family: Family, config: Mapping[str, Any]) -> list[Weight]:
    """Every tensor that a model of these shapes has; each must be there, and no other.

    Raises:
        DamagedError: a tensor is missing, or has another shape.
        InvalidInputError: the file has a tensor that this family does not know.

    """
    blocks = range(int(config["num_hidden_layers"]))
    found = [*_outer(header, config), *(one for n in blocks for one in _block(header, family, n))]
    known = {weight.source.name for weight in found} | {FACTORS}
    if strange := sorted(header.tensors.keys() - known):
        msg = (
            f"{header.path.name} has the tensor {strange[0]}, which models of the family "
            f"{family.model_type} do not have; it cannot be taken as a base"
        )
        raise InvalidInputError(msg)
    wanted = _shapes(config)
    checked = []
    for weight in found:
        shape = wanted[weight.name.split(".", 3)[-1] if ".layers." in weight.name else weight.name]
        if weight.shape != shape:
            said = f"its tensor {weight.source.name} is {weight.shape} instead of {shape}"
            raise damaged(header, said)
        shift = family.norm_shift if "norm" in weight.source.name else 0.0
        turned = family.rotated and ("self_attn.q_proj" in weight.name or ".k_proj" in weight.name)
        rows = int(config["head_dim"]) if turned else 0
        checked.append(Weight(weight.source, weight.name, weight.shape, rows, shift))
    return checked


def _outer(header: Header, config: Mapping[str, Any]) -> Iterator[Weight]:
    yield _weight(header, "token_embd.weight", "model.embed_tokens.weight")
    yield _weight(header, "output_norm.weight", "model.norm.weight")
    if not config["tie_word_embeddings"]:
        yield _weight(header, "output.weight", "lm_head.weight")


def _block(header: Header, family: Family, number: int) -> Iterator[Weight]:
    for ours, theirs in family.block.items():
        for part in ("weight", "bias"):
            source = f"blk.{number}.{ours}.{part}"
            if part == "weight" or source in header.tensors:
                yield _weight(header, source, f"model.layers.{number}.{theirs}.{part}")


def _weight(header: Header, source: str, name: str) -> Weight:
    tensor = header.tensors.get(source)
    if tensor is None:
        raise damaged(header, f"its tensor {source} is missing")
    return Weight(tensor, name, tuple(reversed(tensor.shape)))


def _shapes(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """What each tensor must be; those of a block without the block's name."""
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    width = config["head_dim"]
    queries, keys = (
        config[name] * width for name in ("num_attention_heads", "num_key_value_heads")
    )
    linear = {
        "self_attn.q_proj": (queries, hidden),
        "self_attn.k_proj": (keys, hidden),
        "self_attn.v_proj": (keys, hidden),
        "self_attn.o_proj": (hidden, queries),
        "mlp.gate_proj": (inner, hidden),
        "mlp.up_proj": (inner, hidden),
        "mlp.down_proj": (hidden, inner),
    }
    norms = (
        "input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
        "post_feedforward_layernorm",
    )  # fmt: skip
    embedding = (config["vocab_size"], hidden)
    return {
        "model.embed_tokens.weight": embedding,
        "lm_head.weight": embedding,
        "model.norm.weight": (hidden,),
        **{f"{name}.weight": (hidden,) for name in norms},
        **{f"self_attn.{one}_norm.weight": (width,) for one in "qk"},
        **{f"{name}.weight": shape for name, shape in linear.items()},
        **{f"{name}.bias": shape[:1] for name, shape in linear.items()},
    }
