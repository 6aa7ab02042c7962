"""What PyTorch says of some texts with a layer over its base: the first rung of the ladder.

Computed in float32 whatever the base's dtype is, so that only the files differ further up. A weight
is widened for the moment it is used: memory holds the base in its own dtype, and one weight twice.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lamina.conversion.ladder import Sample
from lamina.progress import Progress

if TYPE_CHECKING:
    import torch

_BATCH_TOKENS = 1024  # padded tokens of one forward pass: bounds activations and logits
_ROOM_BYTES = 4_000_000_000  # on a GPU, beside the weights


def write_reference(  # noqa: PLR0913 - keyword-only past what is written where
    base_folder: Path,
    layer_folder: Path,
    samples: Sequence[Sample],
    target: Path,
    *,
    progress: Progress,
    threads: int,
    alone: AbstractContextManager[object],
) -> list[float]:
    """Log-probabilities after every predicting token, one row each, as .npy; each sample's loss.

    The losses are sums in nats over the sample's predicted tokens. `alone` is held while the model
    is made, which draws random numbers, and while a GPU computes, whose memory a training wants.
    """
    import torch

    torch.set_num_threads(threads)
    losses = [0.0] * len(samples)
    starts = np.cumsum([0, *(sample.n_labels for sample in samples)])
    rows: Any = None
    with _model(base_folder, layer_folder, alone) as model:
        done = 0
        progress.start("PyTorch", len(samples))
        for batch in _batches(samples):
            said = _log_probabilities(model, [samples[index] for index in batch])
            for index, one in zip(batch, said, strict=True):
                if rows is None:
                    shape = (int(starts[-1]), one.shape[1])
                    rows = np.lib.format.open_memmap(target, "w+", np.float32, shape)
                sample = samples[index]
                labels = sample.ids[sample.first :]
                losses[index] = -float(one[range(len(labels)), labels].double().sum())
                rows[starts[index] : starts[index + 1]] = one.numpy()
            done += len(batch)
            progress.advance(done)
    return losses


def _batches(samples: Sequence[Sample]) -> Iterator[list[int]]:
    """Samples of like length together; padding to the right changes nothing under causality."""
    order = sorted(range(len(samples)), key=lambda index: len(samples[index].ids))
    batch: list[int] = []
    for index in order:
        if batch and (len(batch) + 1) * len(samples[index].ids) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _log_probabilities(model: Any, samples: Sequence[Sample]) -> "list[torch.Tensor]":  # noqa: ANN401
    """Of each sample (labels, vocabulary), on the CPU in float32."""
    import torch

    longest = max(len(sample.ids) for sample in samples)
    padded = [[*sample.ids, *([0] * (longest - len(sample.ids)))] for sample in samples]
    with torch.inference_mode():
        device = next(model.parameters()).device
        logits = model(input_ids=torch.tensor(padded, device=device), use_cache=False).logits
        return [
            logits[row, sample.first - 1 : len(sample.ids) - 1].float().log_softmax(-1).cpu()
            for row, sample in enumerate(samples)
        ]


@contextmanager
def _model(
    base_folder: Path, layer_folder: Path, alone: AbstractContextManager[object]
) -> Iterator[Any]:
    """Base and layer, on a GPU that has room for them; let go at the end.

    `alone` is held to the end on a GPU, on a processor until they are loaded.
    """
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    chosen: dict[str, Any] = {"dtype": "auto", "attn_implementation": "sdpa"}
    with ExitStack() as held:
        held.enter_context(alone)
        if on_gpu := _fits_gpu(base_folder):
            chosen["device_map"] = {"": 0}  # straight there, and not by way of the processor
        base = AutoModelForCausalLM.from_pretrained(base_folder, local_files_only=True, **chosen)
        model = PeftModel.from_pretrained(base, str(layer_folder)).eval()
        for module in model.modules():
            _compute_in_float32(module)
        if not on_gpu:
            held.close()
        try:
            yield model
        finally:
            del base, model
            if torch.cuda.is_available():
                torch.cuda.empty_cache()


def _fits_gpu(base_folder: Path) -> bool:
    """Whether a GPU has room for the weights, one of them widened, and a batch."""
    import torch

    if not torch.cuda.is_available():
        return False
    torch.cuda.empty_cache()  # else what PyTorch keeps for later counts as taken
    size = sum(file.stat().st_size for file in base_folder.glob("*.safetensors"))
    return torch.cuda.mem_get_info()[0] > size + _ROOM_BYTES


def _compute_in_float32(module: Any) -> None:  # noqa: ANN401 - a torch module
    """Widen the module's own weights while it computes, and put the narrow ones back."""
    import torch

    own = [
        weight
        for weight in module.parameters(recurse=False)
        if weight.dtype in {torch.float16, torch.bfloat16}
    ]
    if not own:
        return
    narrow = [weight.data for weight in own]

    def widen(*_: object) -> None:
        for weight in own:
            weight.data = weight.data.float()

    def put_back(*_: object) -> None:
        for weight, kept in zip(own, narrow, strict=True):
            weight.data = kept

    module.register_forward_pre_hook(widen)
    module.register_forward_hook(put_back)
