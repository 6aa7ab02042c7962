"""Makes random-weight bases and layers of a real model's shape, straight as GGUF, in seconds.

The weights mean nothing; they cost what real ones cost. Q4_K and Q6_K blocks are random bytes with
sane scales, mixed as llama.cpp's Q4_K_M mixes them.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from lamina.settings import Settings

if TYPE_CHECKING:
    import gguf


@dataclass(frozen=True)
class Shape:
    """Of a llama-like model."""

    hidden: int
    blocks: int
    heads: int
    kv_heads: int
    feed: int
    vocabulary: int = 32000
    context: int = 4096

    @property
    def matrices(self) -> dict[str, tuple[int, int]]:
        """Weight matrices of a block: (inputs, outputs)."""
        narrow = self.hidden // self.heads * self.kv_heads
        return {
            "attn_q": (self.hidden, self.hidden),
            "attn_k": (self.hidden, narrow),
            "attn_v": (self.hidden, narrow),
            "attn_output": (self.hidden, self.hidden),
            "ffn_gate": (self.hidden, self.feed),
            "ffn_up": (self.hidden, self.feed),
            "ffn_down": (self.feed, self.hidden),
        }


SHAPES = {
    "tiny": Shape(256, 4, 4, 4, 768),  # like the embedded base
    "0.1B": Shape(768, 12, 12, 4, 2048),
    "1.1B": Shape(2048, 22, 32, 4, 5632),
    "7B": Shape(4096, 32, 32, 8, 14336),
}
_TEMPLATE = "{{ bos_token }}{% for m in messages %}[INST] {{ m.content }} [/INST]{% endfor %}"


def _gguf() -> ModuleType:
    sys.path.insert(0, str(Settings().llama_cpp_dir / "gguf-py"))
    import gguf

    return gguf


def write_base(path: Path, shape: Shape, kind: str = "q4") -> Path:
    """A base; `kind` is q4 (Q4_K_M's mixture) or f16."""
    gguf = _gguf()
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.blocks)
    writer.add_feed_forward_length(shape.feed)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.hidden // shape.heads)
    _write_vocabulary(writer, shape.vocabulary)
    ones = np.ones(shape.hidden, np.float32)
    weights = _Weights(writer, kind)
    weights.add("token_embd.weight", shape.hidden, shape.vocabulary)
    for block in range(shape.blocks):
        writer.add_tensor(f"blk.{block}.attn_norm.weight", ones)
        writer.add_tensor(f"blk.{block}.ffn_norm.weight", ones)
        more = block < shape.blocks // 8 or block >= 7 * shape.blocks // 8 or block % 3 == 2
        for name, (wide, high) in shape.matrices.items():
            finer = more and name in {"attn_v", "ffn_down"}
            weights.add(f"blk.{block}.{name}.weight", wide, high, finer=finer)
    writer.add_tensor("output_norm.weight", ones)
    weights.add("output.weight", shape.hidden, shape.vocabulary, finer=True)
    return _close(writer, path)


def write_layer(path: Path, shape: Shape, *, seed: int, rank: int = 16) -> Path:
    """A layer on q, k, v and o, float16, without passport."""
    writer = _gguf().GGUFWriter(str(path), "llama")
    random = np.random.default_rng(seed)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 2.0 * rank)
    for block in range(shape.blocks):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            wide, high = shape.matrices[name]
            a = random.standard_normal((rank, wide), np.float32) * wide**-0.5
            b = random.standard_normal((high, rank), np.float32) * 0.02
            writer.add_tensor(f"blk.{block}.{name}.weight.lora_a", a.astype(np.float16))
            writer.add_tensor(f"blk.{block}.{name}.weight.lora_b", b.astype(np.float16))
    return _close(writer, path)


class _Weights:
    def __init__(self, writer: "gguf.GGUFWriter", kind: str) -> None:
        self._writer = writer
        self._kind = kind
        self._random = np.random.default_rng(0)
        self._types = _gguf().GGMLQuantizationType

    def add(self, name: str, wide: int, high: int, *, finer: bool = False) -> None:
        """One matrix; `finer` = Q6_K where the mixture is Q4_K_M."""
        if self._kind == "f16":
            values = self._random.standard_normal((high, wide), np.float32) * wide**-0.5
            self._writer.add_tensor(name, values.astype(np.float16))
        elif finer:
            raw = self._q6_k(high * wide // 256, wide)
            self._writer.add_tensor(name, raw.reshape(high, -1), raw_dtype=self._types.Q6_K)
        else:
            raw = self._q4_k(high * wide // 256, wide)
            self._writer.add_tensor(name, raw.reshape(high, -1), raw_dtype=self._types.Q4_K)

    def _q4_k(self, blocks: int, wide: int) -> np.ndarray:
        """Blocks of 144 bytes: scale, minimum (float16), 12 bytes of sub-scales, 128 of values."""
        raw = self._random.integers(0, 256, (blocks, 144), np.uint8)
        scale = wide**-0.5 / 224
        raw[:, :4] = np.array([scale, scale * 7], np.float16).view(np.uint8)
        return raw

    def _q6_k(self, blocks: int, wide: int) -> np.ndarray:
        """Blocks of 210 bytes: 192 of values, 16 sub-scales (int8), a scale (float16)."""
        raw = self._random.integers(0, 256, (blocks, 210), np.uint8)
        raw[:, 192:208] = self._random.integers(-30, 30, (blocks, 16), np.int8).view(np.uint8)
        raw[:, 208:] = np.array([wide**-0.5 / 200], np.float16).view(np.uint8)
        return raw


def _write_vocabulary(writer: "gguf.GGUFWriter", size: int) -> None:
    named = [("<unk>", 2), ("<s>", 3), ("</s>", 3)]
    named += [(f"<0x{value:02X}>", 6) for value in range(256)]
    # Pieces from which the tokenizer can build every word w0, w1, ...: one word, one token.
    named += [(piece, 1) for piece in ("\u2581", "w", "\u2581w", *"0123456789")]
    named += [(f"\u2581w{number}", 1) for number in range(size - len(named))]
    writer.add_vocab_size(size)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([piece for piece, _ in named])
    writer.add_token_scores([-float(number) for number in range(size)])
    writer.add_token_types([kind for _, kind in named])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(value=True)
    writer.add_chat_template(_TEMPLATE)


def _close(writer: "gguf.GGUFWriter", path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
