"""What a plain decoder's blocks compute with on a GPU, in bfloat16 over bfloat16 or NF4 weights.

What is computed value by value is one pass over the memory, forward and backward, as torch's
compiler makes it; where there is no C compiler for that, it is computed operation by operation.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from lamina.training.attention import attend
from lamina.training.base import Model
from lamina.training.fused import linear, linear_gpu

Forward = Callable[..., Any]
DTYPE = torch.bfloat16


def attention(module: Model) -> Forward:
    """q, k and v in one pass; turned; attended to, the whole pack at once; brought together."""

    def forward(
        hidden_states: Tensor,  # (1, n, hidden)
        position_embeddings: tuple[Tensor, Tensor],
        *,
        cu_seq_lens_q: Tensor,
        max_length_q: int,
        **_rest: object,
    ) -> tuple[Tensor, None]:
        n, width = hidden_states.shape[1], module.head_dim
        flat = _through(hidden_states[0], module.q_proj, module.k_proj, module.v_proj)
        q, k, v = (each.view(n, -1, width) for each in flat)
        if hasattr(module, "q_norm"):
            q, k = (norm(own)(x) for own, x in ((module.q_norm, q), (module.k_norm, k)))
        cos, sin = (each[0, :, None, : width // 2] for each in position_embeddings)
        q, k = _compiled(rotate)(q, cos, sin), _compiled(rotate)(k, cos, sin)
        found = attend(q, k, v, ends=cu_seq_lens_q, longest=max_length_q, scale=module.scaling)
        (out,) = _through(found.view(n, -1), module.o_proj)
        return out.unsqueeze(0), None

    return forward


def feed_forward(module: Model) -> Forward:
    """Gate and up in one pass; down."""

    def forward(x: Tensor) -> Tensor:
        gate, up = _through(x[0], module.gate_proj, module.up_proj)
        (out,) = _through(_compiled(swiglu)(gate, up), module.down_proj)
        return out.unsqueeze(0)

    return forward


def norm(module: Model) -> Forward:
    """Of the root mean square."""
    weight, epsilon = module.weight, module.variance_epsilon
    return lambda x: torch.nn.functional.rms_norm(x, weight.shape, weight, epsilon)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions of x (n, heads, width), cos and sin (n, 1, width / 2)."""
    x1, x2 = x.chunk(2, -1)
    return torch.cat((x1 * cos - x2 * sin, x2 * cos + x1 * sin), -1)


def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """The product gate sigmoid(gate) ∘ up."""
    return torch.nn.functional.silu(gate) * up


@lru_cache(maxsize=4)
def _compiled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """One kernel for every length."""
    torch._dynamo.config.suppress_errors = True  # noqa: SLF001 - its documented place
    return torch.compile(function, dynamic=True)


def _through(x: Tensor, *modules: Model) -> tuple[Tensor, ...]:
    """Each module's output for the same x (n, inputs)."""
    found = [linear.read(module, DTYPE) for module in modules]
    return linear_gpu.apply(x, [each for each in found if each is not None])
