"""Losses of documents under a model: what training goes down, and what is held out."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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

    inner, inputs, sources, targets = _packed(model, documents)
    with _narrow(inner):
        if any(document.teacher for document in documents):
            logits = inner(**inputs, logits_to_keep=sources).logits[0]
            return _taught_loss(logits.float().log_softmax(-1), targets, documents)
        if inner.config.model_type in PLAIN and type(inner.lm_head) is torch.nn.Linear:
            hidden = inner.model(**inputs).last_hidden_state[0, sources]  # (n_labels, hidden)
            return summed_loss(hidden, inner.lm_head.weight, targets)
        logits = inner(**inputs, logits_to_keep=sources).logits[0]  # (n_labels, vocabulary)
    return torch.nn.functional.cross_entropy(logits.float(), targets, reduction="sum")


def _taught_loss(
    said: "torch.Tensor",  # (n_labels, vocabulary), log-probabilities
    targets: "torch.Tensor",  # (n_labels)
    documents: Sequence[Document],
) -> "torch.Tensor":
    """Against the right tokens and, for a teacher's share, against its likeliest ones."""
    import torch

    hard = -said.gather(1, targets.unsqueeze(1)).squeeze(1)
    total, start = torch.zeros((), device=said.device), 0
    for document in documents:
        own = slice(start, start := start + document.n_labels)
        loss = hard[own].sum()
        if teacher := document.teacher:
            tokens = _read(teacher.tokens, torch.int32, teacher.k, said).long()
            likely = _read(teacher.logprobs, torch.float16, teacher.k, said).float().softmax(-1)
            soft = -(likely * said[own].gather(1, tokens)).sum()
            loss = (1 - teacher.share) * loss + teacher.share * soft
        total = total + loss
    return total


def _read(content: bytes, dtype: "torch.dtype", k: int, like: "torch.Tensor") -> "torch.Tensor":
    import torch

    return torch.frombuffer(bytearray(content), dtype=dtype).view(-1, k).to(like.device)


def _packed(
    model: Model, documents: Sequence[Document]
) -> "tuple[Model, dict[str, Any], torch.Tensor, torch.Tensor]":
    """The model itself, what it is called with, where it predicts, and what: (n_labels) each."""
    import torch

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
    return inner, inputs, sources, targets


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
    """Every measure of documents in nats a learnt token, without dropout; None of no documents.

    Of documents with other answers beside their own: in nats a choice.
    """
    import torch

    training = model.training
    model.eval()
    choices = [document for document in documents if document.others]
    sums: dict[str, tuple[float, int]] = {}
    with torch.no_grad():
        for name, is_qa in (("text_loss", False), ("answer_loss", True)):
            some = [one for one in documents if one.is_qa == is_qa and not one.others]
            packs = in_turn([len(document.ids) for document in some], limit)
            total = sum(pack_loss(model, [some[i] for i in pack]).item() for pack in packs)
            sums[name] = (total, sum(document.n_labels for document in some))
    chosen = _choice_loss(model, choices, limit)
    model.train(training)
    totals, labels_of = zip(*sums.values(), strict=True)
    sums["heldout_loss"] = (sum(totals), sum(labels_of))
    sums["choice_loss"] = (chosen, len(choices))
    return {name: round(total / n, 6) if n else None for name, (total, n) in sums.items()}


def _choice_loss(model: Model, documents: Sequence[Document], limit: int) -> float:
    """Summed loss of choosing each document's own answer by its mean loss a token."""
    losses = iter(
        mean_losses(model, [one for each in documents for one in (each, *each.others)], limit)
    )
    total = 0.0
    for document in documents:
        own, *others = [next(losses) for _ in (document, *document.others)]
        total += math.log1p(sum(math.exp(own - other) for other in others))
    return total


def mean_losses(model: Model, documents: Sequence[Document], limit: int) -> list[float]:
    """Each document's loss in nats a learnt token, many of them a pass."""
    import torch

    found: list[float] = []
    with torch.no_grad():
        for pack in in_turn([len(one.ids) for one in documents], limit):
            some = [documents[index] for index in pack]
            inner, inputs, sources, targets = _packed(model, some)
            with _narrow(inner):
                logits = inner(**inputs, logits_to_keep=sources).logits[0]
            each = torch.nn.functional.cross_entropy(logits.float(), targets, reduction="none")
            parts = torch.split(each, [one.n_labels for one in some])
            found += [part.mean().item() for part in parts]
    return found
