"""What a plain decoder's blocks compute with on a CPU, in float32 or bfloat16."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lamina.training.base import Model
from lamina.training.fused.attention import attend
from lamina.training.fused.linear import Linears
from lamina.training.fused.pointwise import rms_norm, rotate, swiglu

Forward = Callable[..., Any]
DTYPES = (torch.float32, torch.bfloat16)


class Forms(Linears):
    """Of one model with one layer."""

    def attention(self, module: Model) -> Forward:
        """q, k and v in one pass; turned; attended to document by document; brought together."""
        read = self.through(module.q_proj, module.k_proj, module.v_proj)
        write = self.through(module.o_proj)
        norms = None
        if hasattr(module, "q_norm"):
            norms = self.norm(module.q_norm), self.norm(module.k_norm)
        width = module.head_dim

        def forward(
            hidden_states: Tensor,  # (1, n, hidden)
            position_embeddings: tuple[Tensor, Tensor],
            document_lengths: list[int] | None = None,
            **_rest: object,
        ) -> tuple[Tensor, None]:
            n = hidden_states.shape[1]
            q, k, v = (each.view(n, -1, width) for each in read(hidden_states[0]))
            if norms:
                q, k = (norm(x) for norm, x in zip(norms, (q, k), strict=True))
            cos, sin = (each[0, :, : width // 2] for each in position_embeddings)
            scale = module.scaling
            q = rotate(q.view(n, k.shape[1], -1, width), cos * scale, sin * scale)
            k = rotate(k.unsqueeze(2), cos, sin).squeeze(2)
            q, k, v = (each.transpose(0, 1) for each in (q, k, v))
            found = attend(q, k, v, document_lengths or [n])
            return write(found.view(n, -1))[0].unsqueeze(0), None

        return forward

    def feed_forward(self, module: Model) -> Forward:
        """Gate and up in one pass; down."""
        read = self.through(module.gate_proj, module.up_proj)
        write = self.through(module.down_proj)
        return lambda x: write(swiglu(*read(x[0])))[0].unsqueeze(0)

    def norm(self, module: Model) -> Forward:
        """Of the root mean square."""
        return lambda x: rms_norm(x, module.weight, module.variance_epsilon)
