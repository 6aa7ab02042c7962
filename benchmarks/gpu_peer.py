"""Part of training_gpu.py: TRL's SFTTrainer as its documentation has it, but packed and whole."""

import gc
import time
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

from gpu_matrix import WEIGHTS
from gpu_shapes import DROPPED, Bench, peak_gib, reset_peak, speeds

from lamina.training.base import Model


def peer(bench: Bench) -> list[dict[str, Any]]:
    """A row for each kind of weights; none where trl is not installed."""
    if find_spec("trl") is None or find_spec("datasets") is None:
        print("trl is not installed: no peer", flush=True)
        return []
    rows = []
    for weights in bench.weights:
        quantize = WEIGHTS[weights]
        if quantize == "nf4" and bench.smoke:
            continue  # accelerate refuses to train NF4 on a CPU
        rows.append({"weights": weights} | _run(bench, quantize))
        print(rows[-1], flush=True)
    return rows


def _run(bench: Bench, quantize: str) -> dict[str, Any]:
    """Rows are filled to the sequence, documents joined without isolation, which is SDPA's best.

    Two rows a pass and two passes a step: a whole step at once does not fit 80 GB.
    """
    import torch
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    folder, documents = bench.random_base(), bench.documents(2 * bench.steps * bench.step_tokens)
    trainer = SFTTrainer(
        model=_model(folder, quantize),
        args=SFTConfig(
            output_dir=str(bench.work / "trl"), max_steps=bench.steps, learning_rate=1e-4,
            packing=True, packing_strategy="wrapped", max_length=bench.sequence,
            per_device_train_batch_size=2, gradient_accumulation_steps=2,
            gradient_checkpointing=False, bf16=torch.cuda.is_available(),
            use_cpu=not torch.cuda.is_available(), save_strategy="no", report_to=[],
            disable_tqdm=True, logging_steps=100,
        ),
        train_dataset=Dataset.from_dict({"input_ids": [list(one.ids) for one in documents]}),
        processing_class=AutoTokenizer.from_pretrained(folder),
        peft_config=_layer(bench, quantize),
    )  # fmt: skip
    ended: list[float] = []
    trainer.add_callback(_noting(ended))
    reset_peak()
    ended.append(time.perf_counter())
    trainer.train()
    rates = [bench.step_tokens / (b - a) for a, b in pairwise(ended)]
    found = speeds(rates[DROPPED:]) | {"peak_gib": peak_gib()}
    del trainer
    gc.collect()
    reset_peak()
    return found


def _layer(bench: Bench, quantize: str) -> Model:
    from peft import LoraConfig

    chosen = bench.order(bench.work, quantize).profile
    return LoraConfig(
        r=chosen.rank,
        lora_alpha=chosen.alpha,
        lora_dropout=chosen.dropout,
        target_modules=list(chosen.targets),
        task_type="CAUSAL_LM",
    )


def _model(folder: Path, quantize: str) -> Model:
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    chosen: dict[str, Any] = {"dtype": torch.bfloat16, "attn_implementation": "sdpa"}
    if quantize == "nf4":
        chosen["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    if torch.cuda.is_available():
        chosen["device_map"] = {"": 0}
    return AutoModelForCausalLM.from_pretrained(folder, **chosen)


def _noting(ended: list[float]) -> Model:
    """Notes when each optimizer step has ended on the GPU."""
    import torch
    from transformers import TrainerCallback

    class Noting(TrainerCallback):
        def on_step_end(self, *_: object, **__: object) -> None:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            ended.append(time.perf_counter())

    return Noting()
