"""Losses of documents under a model: what training goes down, and what is held out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lamina.training.attention import PLAIN, told
from lamina.training.base import Model
from lamina.training.curve import Losses
from lamina.training.documents import Document, labels
from lamina.training.packing import in_turn

if TYPE_CHECKING:
    import torch


def pack_loss(model: Model, documents: Sequence[Document]) -> "torch.Tensor":
    """Summed loss in nats over the learnt tokens of documents that do not see each other.

    Our attention goes by the lengths. Any other of transformers' sees position ids that restart, no
    attention mask and no cache, and isolates documents by them. Logits are computed only where a
    token is learnt, and where the architecture is plain, never all at once.
    """
    import torch

    from lamina.training.fused.loss import summed_loss

    ids = [token for document in documents for token in document.ids]
    places = [place for document in documents for place in range(len(document.ids))]
    inner = getattr(model, "get_base_model", lambda: model)()
    sources, targets = (torch.tensor(each, device=inner.device) for each in labels(documents))
    inputs = {
        "input_ids": torch.tensor([ids], device=inner.device),
        "position_ids": torch.tensor([places], device=inner.device),
        "use_cache": False,
        **told([len(document.ids) for document in documents], inner.device),
    }
    with _narrow(inner):
        if inner.config.model_type in PLAIN and type(inner.lm_head) is torch.nn.Linear:
            hidden = inner.model(**inputs).last_hidden_state[0, sources]  # (n_labels, hidden)
            return summed_loss(hidden, inner.lm_head.weight, targets)
        logits = inner(**inputs, logits_to_keep=sources).logits[0]  # (n_labels, vocabulary)
    return torch.nn.functional.cross_entropy(logits.float(), targets, reduction="sum")


def _narrow(inner: Model) -> "torch.autocast":
    """PEFT's layers compute in the base's dtype: in float32 they cost more than it."""
    import torch

    from lamina.training.fused.blocks import is_fused

    narrow = inner.get_input_embeddings().weight.dtype == torch.bfloat16
    wanted = narrow and not is_fused(inner)
    return torch.autocast(inner.device.type, torch.bfloat16, enabled=wanted)


def heldout_loss(model: Model, documents: Sequence[Document], limit: int) -> float | None:
    """Mean loss in nats a learnt token, without dropout; None where there is nothing held out."""
    return heldout_losses(model, documents, limit)["heldout_loss"]


def heldout_losses(model: Model, documents: Sequence[Document], limit: int) -> Losses:
    """Every measure of documents in nats a learnt token, without dropout; None of no documents."""
    import torch

    training = model.training
    model.eval()
    sums: dict[str, tuple[float, int]] = {}
    with torch.no_grad():
        for name, is_qa in (("text_loss", False), ("answer_loss", True)):
            some = [document for document in documents if document.is_qa == is_qa]
            packs = in_turn([len(document.ids) for document in some], limit)
            total = sum(pack_loss(model, [some[i] for i in pack]).item() for pack in packs)
            sums[name] = (total, sum(document.n_labels for document in some))
    model.train(training)
    totals, labels_of = zip(*sums.values(), strict=True)
    sums["heldout_loss"] = (sum(totals), sum(labels_of))
    return {name: round(total / n, 6) if n else None for name, (total, n) in sums.items()}
