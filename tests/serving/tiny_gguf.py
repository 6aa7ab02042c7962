"""Writes the smallest base that llama.cpp serves, and layers for it, straight as GGUF.

Random float32 weights of Mistral's shape (llama.cpp calls it `llama`), so the answers mean nothing,
but logits lie far apart, so greedy answers do not hang on rounding. No torch: made in a second.
"""

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from lamina.gguf import read_header
from lamina.passport import Passport, identify_gguf
from lamina.settings import Settings

if TYPE_CHECKING:
    import gguf

HIDDEN, LAYERS, HEADS, KV_HEADS, FEED, CONTEXT = 64, 2, 4, 2, 128, 2048
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}"
    "{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'] + eos_token }}"
    "{% else %}{{ raise_exception('only user and assistant roles are supported') }}"
    "{% endif %}{% endfor %}"
)
WORDS = [
    "the",
    "lease",
    "term",
    "is",
    "paid",
    "in",
    "March",
    "and",
    "goodwill",
    "tested",
    "once",
    "a",
    "year",
    "controller",
    "approves",
    "every",
    "write",
    "off",
    "above",
    "limit",
    "what",
    "who",
    "INST",
    "[",
    "]",
    "/",
    ".",
    "?",
    ",",
    ":",
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
]
MATRICES = {
    "attn_q": (HIDDEN, HIDDEN),
    "attn_k": (HIDDEN, HIDDEN // HEADS * KV_HEADS),
    "attn_v": (HIDDEN, HIDDEN // HEADS * KV_HEADS),
    "attn_output": (HIDDEN, HIDDEN),
    "ffn_gate": (HIDDEN, FEED),
    "ffn_up": (HIDDEN, FEED),
    "ffn_down": (FEED, HIDDEN),
}


def _gguf() -> ModuleType:
    sys.path.insert(0, str(Settings().llama_cpp_dir / "gguf-py"))
    import gguf

    return gguf


def pieces() -> list[tuple[str, float, int]]:
    """(piece, score, type) by id: specials, bytes, then letters and words."""
    special = [("<unk>", 0.0, 2), ("<s>", 0.0, 3), ("</s>", 0.0, 3)]
    raw = [(f"<0x{value:02X}>", 0.0, 6) for value in range(256)]
    spelled = ["\u2581"]
    for word in WORDS:
        marked = "\u2581" + word
        spelled += [marked[:end] for end in range(2, len(marked) + 1)]
        spelled += [word[start:end] for start in range(len(word)) for end in (start + 1, start + 2)]
    unique = [piece for piece in dict.fromkeys(spelled) if piece]
    normal = [(piece, float(len(piece)), 1) for piece in unique]
    return special + raw + normal


def write_base(path: Path, *, seed: int = 1, heads: int = HEADS, **metadata: str) -> Path:
    """A base of about 0.7 MB; `metadata` are extra string values."""
    gguf = _gguf()
    words = pieces()
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(path.stem)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads * KV_HEADS // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(HIDDEN // heads)
    writer.add_vocab_size(len(words))
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([piece for piece, _, _ in words])
    writer.add_token_scores([score for _, score, _ in words])
    writer.add_token_types([kind for _, _, kind in words])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(value=True)
    writer.add_add_eos_token(value=False)
    writer.add_chat_template(TEMPLATE)
    for key, value in metadata.items():
        writer.add_string(key.replace("__", "."), value)

    def matrix(rows: int, columns: int, scale: float) -> np.ndarray:
        return (random.standard_normal((rows, columns)) * scale).astype(np.float32)

    writer.add_tensor("token_embd.weight", matrix(len(words), HIDDEN, 1.0))
    for block in range(LAYERS):
        writer.add_tensor(f"blk.{block}.attn_norm.weight", np.ones(HIDDEN, np.float32))
        writer.add_tensor(f"blk.{block}.ffn_norm.weight", np.ones(HIDDEN, np.float32))
        for name, (wide, high) in MATRICES.items():
            writer.add_tensor(f"blk.{block}.{name}.weight", matrix(high, wide, 2 * wide**-0.5))
    norm = 1 + 0.1 * random.standard_normal(HIDDEN)
    writer.add_tensor("output_norm.weight", norm.astype(np.float32))
    writer.add_tensor("output.weight", matrix(len(words), HIDDEN, 1.0))
    return _close(writer, path)


def write_layer(  # noqa: PLR0913 - every way a layer can be wrong
    path: Path,
    base: Path,
    *,
    seed: int,
    rank: int = 4,
    strength: float = 1.0,
    hidden: int = HIDDEN,
    passport: Passport | str | None = "own",
    alpha: float | None = None,
    kind: str = "adapter",
    architecture: str = "llama",
    invoked_by: tuple[int, ...] = (),
    profile: str = "",
) -> Path:
    """A layer on q and v of every block, by default with a passport for `base`."""
    gguf = _gguf()
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(str(path), architecture)
    writer.add_type(kind)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(2 * rank if alpha is None else alpha))
    if invoked_by:
        writer.add_array("adapter.alora.invocation_tokens", invoked_by)
    if passport == "own":
        passport = passport_for(base, path.stem, seed=seed, rank=rank)
    if isinstance(passport, Passport):
        for key, value in passport.metadata().items():
            add = {str: writer.add_string, int: writer.add_int32, float: writer.add_float32}
            add[type(value)](key, value)
    if profile:
        writer.add_string("lamina.profile", profile)
    for block in range(LAYERS):
        for name in ("attn_q", "attn_v", "ffn_up"):
            wide, high = hidden, MATRICES[name][1]
            a = random.standard_normal((rank, wide)) * wide**-0.5
            b = random.standard_normal((high, rank)) * strength
            writer.add_tensor(f"blk.{block}.{name}.weight.lora_a", a.astype(np.float32))
            writer.add_tensor(f"blk.{block}.{name}.weight.lora_b", b.astype(np.float32))
    return _close(writer, path)


def passport_for(base: Path, layer: str, *, seed: int = 0, rank: int = 4) -> Passport:
    """Papers that fit this base."""
    identity = identify_gguf(read_header(base))
    return Passport(
        layer=layer,
        base_name=identity.name,
        base_digest="b" * 64,
        base_fingerprint=identity.fingerprint,
        architecture=identity.architecture,
        preset="level2",
        rank=rank,
        alpha=2.0 * rank,
        dataset=f"{seed:064x}",
        documents=("d" * 64,),
    )


def _close(writer: "gguf.GGUFWriter", path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
