"""What transformers foresees in some texts, with one weight in memory at a time.

A 7B model is asked in a few seconds' reading and as much memory as its widest weight takes in
float32, not in 14 GB.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lamina.errors import DamagedError
from lamina.passport import weight_files
from lamina.safetensors_stream import Entry, float32, read_entries

_TIED = {"lm_head.weight": "model.embed_tokens.weight"}


def write_predictions(
    folder: Path, passages: Sequence[Sequence[int]], target: Path, threads: int
) -> None:
    """Log-probabilities after every token but each text's last, one row each, as .npy.

    Raises:
        DamagedError: transformers cannot build the model from the folder.

    """
    import torch
    from accelerate import init_empty_weights
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.set_num_threads(threads)
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        with init_empty_weights(include_buffers=False):
            model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    except (ValueError, KeyError, TypeError, OSError) as broken:
        msg = f"transformers cannot build the model in {folder} ({broken}); get a sound copy"
        raise DamagedError(msg) from broken
    entries = {one.name: one for file in weight_files(folder) for one in read_entries(file)}
    for name, module in model.named_modules():
        _borrow(name, module, entries)
    longest = max(map(len, passages))
    padded = torch.tensor([[*ids, *([0] * (longest - len(ids)))] for ids in passages])
    with torch.inference_mode():
        said = model(input_ids=padded, use_cache=False).logits
    rows = [
        said[index, : len(ids) - 1].float().log_softmax(-1).numpy()
        for index, ids in enumerate(passages)
    ]
    np.save(target, np.concatenate(rows).astype(np.float32))


def _borrow(name: str, module: Any, entries: dict[str, Entry]) -> None:  # noqa: ANN401 - torch's
    """Have the module read its own weights when it computes, and let them go afterwards."""
    own = [key for key, weight in module.named_parameters(recurse=False) if weight is not None]
    if not own:
        return
    empty = {key: module._parameters[key] for key in own}  # noqa: SLF001 - no public way to swap

    def read(*_: object) -> None:
        for key in own:
            module._parameters[key] = _weight(f"{name}.{key}", entries)  # noqa: SLF001

    def let_go(*_: object) -> None:
        module._parameters.update(empty)  # noqa: SLF001

    module.register_forward_pre_hook(read)
    module.register_forward_hook(let_go)


def _weight(name: str, entries: dict[str, Entry]) -> Any:  # noqa: ANN401 - torch's
    import torch

    values = float32(entries[name if name in entries else _TIED[name]])
    return torch.nn.Parameter(torch.from_numpy(values), requires_grad=False)
