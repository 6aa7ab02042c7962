"""QLoRA of a 7B shape on one GPU: Lamina beside Hugging Face Trainer + PEFT + bitsandbytes.

    python benchmarks/training_gpu.py [--steps 30] [--documents 400] [--keep FOLDER]
    python benchmarks/training_gpu.py --smoke      # a tiny shape on the CPU: does the script work?

Needs one CUDA GPU of 16 GB or more, 16 GB of free disk for random weights of the 7B shape, and the
`train` extra; flash-attn and liger-kernel are used by Lamina's side where they are installed.
Prints a Markdown table: tokens a second, peak GPU memory, and the share of the GPU's bfloat16 peak
that the model's own operations reach (4 a frozen weight and token; recomputed activations do not
count).

Both sides train rank 16 on q, k, v, o over an NF4 base with double quantization, on the same
documents of 128 to 2,048 random tokens. The Trainer's side is the documented recipe:
`prepare_model_for_kbit_training` (which recomputes activations), bfloat16, four documents a batch,
padded to the longest. Each side is a process of its own; the ratio is within one run.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BATCH = 4  # documents a step
SHAPES: dict[str, dict[str, int]] = {
    "7B": {
        "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
        "vocab_size": 32000, "max_position_embeddings": 4096,
    },
    "smoke": {
        "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32,
        "vocab_size": 768, "max_position_embeddings": 2048,
    },
}  # fmt: skip
SIDES = ("lamina", "trainer")


def main() -> None:
    """Make the base, run both sides, print the table."""
    options = parsed()
    if options.side:
        print(json.dumps(SIDE[options.side](options)))
        return
    check_gpu(options)
    with tempfile.TemporaryDirectory() as scratch:
        options.work = options.keep or Path(scratch)
        make_base(options)
        runs = {side: run_side(options, side) for side in SIDES}
    print(told(options, runs))


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--documents", type=int, default=0, help="0 = as many as the steps take")
    parser.add_argument("--sequence", type=int, default=2048, help="longest pack, in tokens")
    parser.add_argument("--keep", type=Path, help="folder that keeps the base for another run")
    parser.add_argument("--smoke", action="store_true", help="tiny shape, CPU, a few seconds")
    parser.add_argument("--side", choices=SIDES, help="internal: one run, as a process")
    parser.add_argument("--work", type=Path, help="internal")
    options = parser.parse_args()
    if options.smoke:
        options.steps, options.sequence = min(options.steps, 3), min(options.sequence, 128)
    options.documents = options.documents or options.steps * BATCH
    options.shape = SHAPES["smoke" if options.smoke else "7B"]
    return options


def check_gpu(options: argparse.Namespace) -> None:
    """Say what is missing before 14 GB are written."""
    import torch

    if not options.smoke and not torch.cuda.is_available():
        sys.exit("this benchmark needs a CUDA GPU; --smoke tries the script itself on a CPU")


# -- what both sides get ------------------------------------------------------------------------


def make_base(options: argparse.Namespace) -> None:
    """Random weights of the shape in bfloat16, with the embedded base's tokenizer."""
    import torch
    from transformers import MistralConfig, MistralForCausalLM

    from lamina.workspace import EMBEDDED_BASE

    folder = options.work / "base"
    if (folder / "config.json").is_file():
        return
    shutil.copytree(EMBEDDED_BASE, folder, ignore=shutil.ignore_patterns("*.safetensors", "con*"))
    torch.manual_seed(1)
    config = MistralConfig(**options.shape, sliding_window=None, tie_word_embeddings=False)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        torch.set_default_dtype(torch.bfloat16)
        model = MistralForCausalLM(config)
    model.save_pretrained(folder)


def documents(options: argparse.Namespace) -> list[Any]:
    """Random tokens, lengths spread evenly up to the sequence; the same for both sides."""
    from lamina.training.documents import Document

    drawn = random.Random(1)
    shortest = options.sequence // 16
    lengths = [drawn.randint(shortest, options.sequence) for _ in range(options.documents)]
    vocabulary = options.shape["vocab_size"]
    return [
        Document(tuple(drawn.randrange(4, vocabulary) for _ in range(length)), 1)
        for length in lengths
    ]


def recipe(options: argparse.Namespace) -> Any:  # noqa: ANN401 - a Profile, imported late
    """The recipe of both sides."""
    from lamina.training.profiles import profile

    return profile(
        "level2",
        steps=options.steps,
        sequence_tokens=options.sequence,
        batch_tokens=round(options.sequence * 17 / 32 * BATCH),  # of documents of mean length
        evaluations=1,
        patience=0,
        quantize="nf4",
    )


# -- the sides ----------------------------------------------------------------------------------


def lamina_side(options: argparse.Namespace) -> dict[str, Any]:
    """The product's own loop, on the base as it loads it."""
    from lamina.artifacts import ArtifactRef
    from lamina.passport import BaseIdentity
    from lamina.progress import Silent
    from lamina.training.base import kernels, load
    from lamina.training.checkpoint import Checkpoint
    from lamina.training.fit import fit
    from lamina.training.order import LayerOrder
    from lamina.training.recipe import attach, spare_memory

    order = LayerOrder(
        layer="benchmark",
        dataset=ArtifactRef(kind="dataset", digest="0" * 64),
        base_folder=options.work / "base",
        base=BaseIdentity(name="base", digest="0", fingerprint="0", architecture="mistral"),
        profile=recipe(options),
        seed=1,
    )
    train = documents(options)
    model = load(order)
    reset_peak()
    with attach(model, order.profile, order.seed) as layer:
        spare_memory(layer, order.plan(train))
        checkpoint = Checkpoint(options.work / "state.pt", interval_s=3600)
        outcome = fit(layer, order, train, [], Silent(), checkpoint)
    return {**figures(outcome.tokens, outcome.seconds), "kernels": kernels()}


def trainer_side(options: argparse.Namespace) -> dict[str, Any]:
    """The documented QLoRA recipe of transformers, PEFT and bitsandbytes."""
    import torch
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    from transformers import (
        AutoModelForCausalLM,
        BitsAndBytesConfig,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    chosen = recipe(options)
    set_seed(1)
    model = AutoModelForCausalLM.from_pretrained(
        options.work / "base",
        dtype=torch.bfloat16,
        device_map={"": 0} if torch.cuda.is_available() else None,
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        ),
    )
    model = get_peft_model(
        prepare_model_for_kbit_training(model),
        LoraConfig(
            r=chosen.rank,
            lora_alpha=chosen.alpha,
            lora_dropout=chosen.dropout,
            target_modules=list(chosen.targets),
            task_type="CAUSAL_LM",
        ),
    )
    train = documents(options)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(options.work / "trainer"),
            per_device_train_batch_size=BATCH,
            max_steps=options.steps,
            learning_rate=chosen.learning_rate,
            bf16=torch.cuda.is_available(),
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            remove_unused_columns=False,
            use_cpu=not torch.cuda.is_available(),
        ),
        train_dataset=[{"ids": list(one.ids)} for one in train],
        data_collator=padded,
    )
    reset_peak()
    started_s = time.monotonic()
    trainer.train()
    seconds = time.monotonic() - started_s
    return figures(sum(len(one.ids) for one in train), seconds)


def padded(rows: list[dict[str, list[int]]]) -> dict[str, Any]:
    """A batch padded at its end to its longest document."""
    import torch

    longest = max(len(row["ids"]) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for number, row in enumerate(rows):
        ids[number, : len(row["ids"])] = torch.tensor(row["ids"])
        mask[number, : len(row["ids"])] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": ids.masked_fill(mask == 0, -100)}


SIDE = {"lamina": lamina_side, "trainer": trainer_side}


# -- figures ------------------------------------------------------------------------------------


def reset_peak() -> None:
    """Count the memory of training, not of loading."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def figures(tokens: int, seconds: float) -> dict[str, Any]:
    """What a side reports."""
    import torch

    cuda = torch.cuda.is_available()
    return {
        "tokens_per_s": tokens / seconds,
        "peak_bytes": torch.cuda.max_memory_allocated() if cuda else 0,
        "device": torch.cuda.get_device_name() if cuda else "cpu",
    }


def run_side(options: argparse.Namespace, side: str) -> dict[str, Any]:
    """One run in a process of its own."""
    command = [
        sys.executable, __file__, "--side", side, "--work", str(options.work),
        "--steps", str(options.steps), "--documents", str(options.documents),
        "--sequence", str(options.sequence), *(["--smoke"] if options.smoke else []),
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def told(options: argparse.Namespace, runs: dict[str, dict[str, Any]]) -> str:
    """The runs as a Markdown table."""
    from lamina.training.pace import PEAKS
    from lamina.training.sizes import flops_per_token

    device = runs["lamina"]["device"]
    peak = next((1e12 * flops for name, flops in PEAKS.items() if name in device), None)
    flops = flops_per_token(recipe(options), options.shape)
    kernels = ", ".join(f"{name} {kind}" for name, kind in runs["lamina"]["kernels"].items())
    lines = [
        f"{device}; {options.steps} steps, sequence {options.sequence}; Lamina with {kernels}",
        "",
        "| side | tokens/s | peak GPU GiB | share of peak FLOPs |",
        "|---|---|---|---|",
    ]
    for side, run in runs.items():
        share = f"{run['tokens_per_s'] * flops / peak:.0%}" if peak else "unknown device"
        gib = run["peak_bytes"] / 2**30
        lines.append(f"| {side} | {run['tokens_per_s']:,.0f} | {gib:.1f} | {share} |")
    ratio = runs["lamina"]["tokens_per_s"] / runs["trainer"]["tokens_per_s"]
    return "\n".join([*lines, "", f"ratio {ratio:.2f}"])


if __name__ == "__main__":
    main()
