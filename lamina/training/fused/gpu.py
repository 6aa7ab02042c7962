"""What a plain decoder's blocks compute with on a GPU, in bfloat16 over bfloat16 or NF4 weights.

What is computed value by value is one pass over the memory, forward and backward, as torch's
compiler makes it; where there is no C compiler for that, it is computed operation by operation.
"""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from lamina.training.attention import attend
from lamina.training.base import Model
from lamina.training.fused.cpu import Forward
from lamina.training.fused.linear import Linears

DTYPES = (torch.bfloat16,)


class Forms(Linears):
    """Of one model with one layer."""

    def attention(self, module: Model) -> Forward:
        """q, k and v in one pass; turned; attended to, the whole pack at once; brought together."""
        read = self.through(module.q_proj, module.k_proj, module.v_proj)
        write = self.through(module.o_proj)
        norms = None
        if hasattr(module, "q_norm"):
            norms = self.norm(module.q_norm), self.norm(module.k_norm)
        width, turned = module.head_dim, _compiled(rotate)

        def forward(
            hidden_states: Tensor,  # (1, n, hidden)
            position_embeddings: tuple[Tensor, Tensor],
            *,
            cu_seq_lens_q: Tensor,
            max_length_q: int,
            **_rest: object,
        ) -> tuple[Tensor, None]:
            n = hidden_states.shape[1]
            q, k, v = (each.view(n, -1, width) for each in read(hidden_states[0]))
            if norms:
                q, k = (norm(x) for norm, x in zip(norms, (q, k), strict=True))
            q, k = turned(q, k, *position_embeddings)
            found = attend(q, k, v, ends=cu_seq_lens_q, longest=max_length_q, scale=module.scaling)
            return write(found.view(n, -1))[0].unsqueeze(0), None

        return forward

    def feed_forward(self, module: Model) -> Forward:
        """Gate and up in one pass; down."""
        read = self.through(module.gate_proj, module.up_proj)
        write, product = self.through(module.down_proj), _compiled(swiglu)
        return lambda x: write(product(*read(x[0])))[0].unsqueeze(0)

    def norm(self, module: Model) -> Forward:
        """Of the root mean square."""
        weight, epsilon = module.weight, module.variance_epsilon
        return lambda x: torch.nn.functional.rms_norm(x, weight.shape, weight, epsilon)


def rotate(q: Tensor, k: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    """Rotary positions of q and k (n, heads, width); cos and sin are (1, n, width)."""
    half = cos.shape[-1] // 2
    cos, sin = (each[0, :, None, :half] for each in (cos, sin))
    turned = []
    for x1, x2 in (q.chunk(2, -1), k.chunk(2, -1)):
        turned.append(torch.cat((x1 * cos - x2 * sin, x2 * cos + x1 * sin), -1))
    return turned[0], turned[1]


def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """The product gate sigmoid(gate) ∘ up."""
    return torch.nn.functional.silu(gate) * up


@lru_cache(maxsize=4)
def _compiled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """One kernel for every length."""
    torch._dynamo.config.suppress_errors = True  # noqa: SLF001 - its documented place
    return torch.compile(function, dynamic=True)
