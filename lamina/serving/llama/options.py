"""How a base is run, in our words and in llama.cpp's."""

from dataclasses import dataclass
from typing import Any, Literal

import llama_cpp as lc

KvType = Literal["f16", "q8_0"]
_GGML_TYPES: dict[KvType, int] = {"f16": lc.GGML_TYPE_F16, "q8_0": lc.GGML_TYPE_Q8_0}


@dataclass(frozen=True)
class ContextOptions:
    """How the base is run. Memory for KV = n_ctx x n_slots tokens, taken at the start."""

    n_ctx: int = 4096  # tokens one request may use, prompt and answer together
    n_slots: int = 4  # requests that run at the same time
    n_batch: int = 512  # tokens one step may evaluate; more = faster prompts, coarser slices
    n_threads: int = 2
    # On a CPU, flash attention sums in float16: answers then depend, by up to 0.04 in a logit, on
    # which steps a prompt was evaluated in; without it by 1e-5 (measured). It is not faster here
    # at 128 tokens; it saves memory at long contexts.
    flash_attn: bool = False
    kv_type: KvType = "f16"  # q8_0 takes half the memory, and needs flash attention
    special_layouts: bool = True  # weights repacked for this processor: faster prompts
    one_kv: bool = False  # all slots share one KV of n_ctx tokens, and may share its tokens


def context_params(options: ContextOptions) -> Any:  # noqa: ANN401 - llama_context_params
    """As llama.cpp takes them."""
    params = lc.llama_context_default_params()
    params.n_ctx = options.n_ctx * (1 if options.one_kv else options.n_slots)
    params.n_batch = options.n_batch
    params.n_ubatch = options.n_batch
    params.n_seq_max = options.n_slots
    params.n_threads = options.n_threads
    params.n_threads_batch = options.n_threads
    # One stream of KV a slot: what a slot computes never depends on what another one holds.
    params.kv_unified = options.one_kv
    params.no_perf = True
    params.flash_attn_type = int(options.flash_attn or options.kv_type != "f16")
    params.type_k = params.type_v = _GGML_TYPES[options.kv_type]
    return params
