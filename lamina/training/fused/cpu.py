"""What a plain decoder's blocks compute with on a CPU, in float32."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lamina.training.base import Model
from lamina.training.fused import linear
from lamina.training.fused.attention import attend
from lamina.training.fused.pointwise import rms_norm, rotate, swiglu

Forward = Callable[..., Any]
DTYPE = torch.float32


class Forms:
    """Of one model with one layer."""

    def refresh(self, *_: object) -> None:
        """Nothing is kept beside the weights."""

    def attention(self, module: Model) -> Forward:
        """q, k and v in one pass; turned; attended to document by document; brought together."""

        def forward(
            hidden_states: Tensor,  # (1, n, hidden)
            position_embeddings: tuple[Tensor, Tensor],
            document_lengths: list[int] | None = None,
            **_rest: object,
        ) -> tuple[Tensor, None]:
            n, width = hidden_states.shape[1], module.head_dim
            flat = _through(hidden_states[0], module.q_proj, module.k_proj, module.v_proj)
            q, k, v = (each.view(n, -1, width) for each in flat)
            if hasattr(module, "q_norm"):
                q, k = (self.norm(own)(x) for own, x in ((module.q_norm, q), (module.k_norm, k)))
            cos, sin = (each[0, :, : width // 2] for each in position_embeddings)
            scale = module.scaling
            q = rotate(q.view(n, k.shape[1], -1, width), cos * scale, sin * scale)
            k = rotate(k.unsqueeze(2), cos, sin).squeeze(2)
            q, k, v = (each.transpose(0, 1) for each in (q, k, v))
            found = attend(q, k, v, document_lengths or [n])
            (out,) = _through(found.view(n, -1), module.o_proj)
            return out.unsqueeze(0), None

        return forward

    def feed_forward(self, module: Model) -> Forward:
        """Gate and up in one pass; down."""

        def forward(x: Tensor) -> Tensor:
            gate, up = _through(x[0], module.gate_proj, module.up_proj)
            (out,) = _through(swiglu(gate, up), module.down_proj)
            return out.unsqueeze(0)

        return forward

    def norm(self, module: Model) -> Forward:
        """Of the root mean square."""
        return lambda x: rms_norm(x, module.weight, module.variance_epsilon)


def _through(x: Tensor, *modules: Model) -> tuple[Tensor, ...]:
    """Each module's output for the same x (n, inputs)."""
    found = [linear.read(module, DTYPE) for module in modules]
    return linear.apply(x, [each for each in found if each is not None])
