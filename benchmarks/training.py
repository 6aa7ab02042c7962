"""Tokens a second in training: Lamina's packed recipe beside a padding Hugging Face Trainer.

    python benchmarks/training.py --data FOLDER [--base smollm2|tiny|FOLDER] [--repeat N]
    python benchmarks/training.py --data FOLDER --waiting    # how OpenMP's threads wait

All sides get the same base, the same layer (rank 16 on all linear modules, dropout 0.05) and the
same chunks of the topics' PDFs, eight a step. Trainers pad each batch to its longest chunk, as
their collator does, in the order that they draw:

    lamina          the product's loop, in the dtype that it chooses on this machine
    lamina-float32  the same in float32
    trainer         a Trainer with a base in Lamina's dtype; in bfloat16 under its autocast (`bf16`)
    defaults        a Trainer as it comes: the base in the dtype of its file, layers in float32
    float32         a Trainer in float32

Real tokens are counted, padding is not. Each run is a process of its own, and the sides take turns,
so that only ratios within one run mean something. Beside tokens a second stand tokens a second of
processor time: steadier on a machine that others share.

`--waiting` runs Lamina's side with two threads under each way to wait, with the cores for itself
and beside a process that keeps one of them busy.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

BATCH = 8  # chunks a step
RATE = 5e-4
SIDES = ("lamina", "lamina-float32", "trainer", "defaults", "float32")
TOPICS = ("ASC_718_Stock_Compensation", "ASC_740_Income_Taxes")
HELD_OUT = 4  # chunks: the loss only shows that both sides learn
WAITING: dict[str, dict[str, str]] = {
    "GOMP_SPINCOUNT=300000, its default": {"OMP_WAIT_POLICY": "", "GOMP_SPINCOUNT": "300000"},
    "OMP_WAIT_POLICY=PASSIVE": {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": ""},
    "GOMP_SPINCOUNT=20000": {"OMP_WAIT_POLICY": "", "GOMP_SPINCOUNT": "20000"},
}


def main() -> None:
    """Make the chunks, run the sides in turn, and print a table."""
    options = parsed()
    if options.side:
        print(json.dumps(run_of(options)))
        return
    with tempfile.TemporaryDirectory() as folder:
        options.work = Path(folder)
        options.base, chunks = make_chunks(options)
        print(heading(options, chunks))
        print(waiting_table(options) if options.waiting else sides_table(options), flush=True)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with topics/<layer>/*.pdf")
    parser.add_argument("--base", default="smollm2", help="smollm2, tiny, or a model's folder")
    parser.add_argument("--topics", nargs="+", default=TOPICS)
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=SIDES)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--chunk-tokens", type=int, default=512)
    parser.add_argument("--sequence", type=int, default=2048, help="longest pack, in tokens")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--waiting", action="store_true", help="how OpenMP's threads wait")
    parser.add_argument("--side", choices=SIDES, help="internal: one run, as a process")
    parser.add_argument("--work", type=Path, help="internal")
    return parser.parse_args()


# -- what all sides get -------------------------------------------------------------------------


def make_chunks(options: argparse.Namespace) -> tuple[Path, dict[str, int]]:
    """The base's folder; the topics' rows as train.jsonl and validation.jsonl, shuffled once."""
    import random

    from lamina import settings
    from lamina.progress import Silent
    from lamina.stages import bases, corpus
    from lamina.stages.pod import Pod
    from lamina.text.rows import read_rows, write_rows
    from lamina.text.verdicts import read_verdicts
    from lamina.workspace import Workspace

    root = options.work / "workspace"
    for topic in options.topics:
        shutil.copytree(options.data / "topics" / topic, root / "data" / "raw_pdfs" / topic)
    named = {} if options.base == "smollm2" else {"base_model": options.base}
    chosen = settings.load(workspace=root, **named)
    pod = Pod(chosen, Workspace(chosen).make(), Silent())
    if not named:
        bases.add_base(pod, options.base)
        pod = Pod(chosen, Workspace(chosen), Silent())
    identity = corpus.find_base(pod)
    verdicts = corpus.pdf_pretest(pod, corpus.find_documents(pod))
    names = corpus.chosen_layers(read_verdicts(pod.store, verdicts), [])
    parts = [
        corpus.build_dataset(pod, verdicts, name, identity, options.chunk_tokens) for name in names
    ]
    whole = pod.store.open(corpus.combine_datasets(pod, parts))
    counts: dict[str, int] = {}
    for split, most in (("train", BATCH * options.steps), ("validation", HELD_OUT)):
        rows = [row for row in read_rows(whole / f"{split}.jsonl") if row.kind == "text"]
        random.Random(1).shuffle(rows)
        counts[split] = write_rows(options.work / f"{split}.jsonl", rows[:most])
    return pod.workspace.base.resolve(), counts


def documents(options: argparse.Namespace, split: str) -> list[Any]:
    """A split as token ids."""
    from lamina.prompts.folder import folder_prompts
    from lamina.text.rows import read_rows
    from lamina.training.documents import encode_rows

    rows = read_rows(options.work / f"{split}.jsonl")
    return encode_rows(rows, folder_prompts(Path(options.base)), options.sequence)


def chosen_profile(options: argparse.Namespace, tokens_a_step: int) -> Any:  # noqa: ANN401
    """The recipe of all sides."""
    from lamina.training.profiles import ALL_LINEAR, profile

    return profile(
        "level2",
        targets=ALL_LINEAR,
        learning_rate=RATE,
        steps=options.steps,
        sequence_tokens=options.sequence,
        batch_tokens=tokens_a_step,
        warmup_share=0.1,
        evaluations=1,
        patience=0,
        dropout=0.05,
        dtype="float32" if options.side == "lamina-float32" else "auto",
        quantize="none",
    )


# -- the sides ----------------------------------------------------------------------------------


def run_of(options: argparse.Namespace) -> dict[str, Any]:
    """One run's figures."""
    side = lamina_side if options.side.startswith("lamina") else trainer_side
    return side(options)


def lamina_side(options: argparse.Namespace) -> dict[str, Any]:
    """The product's own loop, on the base as it loads it."""
    from lamina.artifacts import ArtifactRef
    from lamina.passport import identify_hf
    from lamina.progress import Silent
    from lamina.training.base import load
    from lamina.training.checkpoint import Checkpoint
    from lamina.training.fit import fit
    from lamina.training.loss import heldout_loss
    from lamina.training.order import LayerOrder
    from lamina.training.recipe import attach, wake_torch

    base = Path(options.base)
    config = json.loads((base / "config.json").read_bytes())
    wake_torch(options.threads, int(config["hidden_size"]))
    train, heldout = (documents(options, split) for split in ("train", "validation"))
    tokens = sum(len(each.ids) for each in train)
    order = LayerOrder(
        layer="benchmark",
        dataset=ArtifactRef(kind="dataset", digest="0" * 64),
        base_folder=base,
        base=identify_hf(base),
        profile=chosen_profile(options, round(tokens / len(train) * BATCH)),
        seed=1,
    )
    with attach(load(order), order.profile, order.seed) as layer:
        checkpoint = Checkpoint(options.work / "state.pt", interval_s=3600)
        busy_s = time.process_time()
        outcome = fit(layer, order, train, [], Silent(), checkpoint)
        busy_s = time.process_time() - busy_s
        after = heldout_loss(layer, heldout, options.sequence)
        dtype = str(layer.get_input_embeddings().weight.dtype)
    return figures(outcome.tokens, outcome.seconds, busy_s, after, dtype)


def trainer_side(options: argparse.Namespace) -> dict[str, Any]:
    """A Trainer as its documentation shows it, padding each batch to its longest chunk."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import (
        AutoModelForCausalLM,
        DataCollatorForSeq2Seq,
        Trainer,
        TrainingArguments,
        set_seed,
    )
    from transformers.utils import logging

    from lamina.training.base import resolved
    from lamina.training.loss import heldout_loss

    logging.disable_progress_bar()
    train, heldout = (documents(options, split) for split in ("train", "validation"))
    torch.set_num_threads(options.threads)
    profile = chosen_profile(options, 4096)
    config = json.loads((Path(options.base) / "config.json").read_bytes())
    narrow = options.side == "trainer" and resolved(profile, config)[1] == "bfloat16"
    dtype = "auto" if options.side == "defaults" else torch.bfloat16 if narrow else torch.float32
    set_seed(1)
    model = AutoModelForCausalLM.from_pretrained(options.base, dtype=dtype)
    model = get_peft_model(
        model,
        LoraConfig(
            r=profile.rank,
            lora_alpha=profile.alpha,
            lora_dropout=profile.dropout,
            target_modules=list(profile.targets),
            task_type="CAUSAL_LM",
        ),
    )
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(options.work / "trainer"),
            per_device_train_batch_size=BATCH,
            max_steps=options.steps,
            learning_rate=RATE,
            lr_scheduler_type="cosine",
            warmup_steps=max(1, options.steps // 10),
            save_strategy="no",
            report_to=[],
            use_cpu=True,
            bf16=narrow,
            disable_tqdm=True,
            logging_steps=options.steps,
            seed=1,
        ),
        train_dataset=[
            {
                "input_ids": list(one.ids),
                "labels": [-100] * one.first_label + list(one.ids[one.first_label :]),
                "attention_mask": [1] * len(one.ids),
            }
            for one in train
        ],
        data_collator=DataCollatorForSeq2Seq(tokenizer(options), label_pad_token_id=-100),
    )
    started_s, busy_s = time.monotonic(), time.process_time()
    trainer.train()
    seconds, busy_s = time.monotonic() - started_s, time.process_time() - busy_s
    seen = sum(len(one.ids) for one in train)  # each chunk once
    loss, dtype = heldout_loss(model, heldout, 1), str(model.get_input_embeddings().weight.dtype)
    return figures(seen, seconds, busy_s, loss, dtype)


def tokenizer(options: argparse.Namespace) -> Any:  # noqa: ANN401 - transformers ships no types
    """The base's, with the pad token that its config names."""
    from transformers import AutoTokenizer

    found = AutoTokenizer.from_pretrained(options.base)
    if found.pad_token is None:
        found.pad_token = found.unk_token
    return found


def figures(
    tokens: int, seconds: float, busy_s: float, loss: float | None, dtype: str
) -> dict[str, Any]:
    """What a side reports; `busy_s` is processor time, over all threads."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "dtype": dtype.removeprefix("torch."),
        "tokens_per_s": tokens / seconds,
        "tokens_per_busy_s": tokens / busy_s,
        "loss": loss,
        "peak_bytes": peak,
    }


# -- runs and tables ----------------------------------------------------------------------------


def run_side(
    options: argparse.Namespace, side: str, environment: dict[str, str] | None = None
) -> dict[str, Any]:
    """One run in a process of its own; an empty variable is one that is not set."""
    command = [
        sys.executable, __file__, "--side", side, "--work", str(options.work),
        "--base", str(options.base), "--steps", str(options.steps),
        "--sequence", str(options.sequence), "--threads", str(options.threads),
    ]  # fmt: skip
    wanted = {**os.environ, **(environment or {})}
    given = {name: value for name, value in wanted.items() if value}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=given)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    print(side, environment or "", found, file=sys.stderr, flush=True)
    return found


def heading(options: argparse.Namespace, chunks: dict[str, int]) -> str:
    """What is measured, and on what."""
    names = ("torch", "transformers", "peft", "accelerate")
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return (
        f"{chunks['train']} chunks of at most {options.chunk_tokens} "
        f"tokens, {options.steps} steps, {options.threads} threads; "
        f"{next(models, platform.machine())}; "
        + ", ".join(f"{name} {version(name)}" for name in names)
        + "\n"
    )


def sides_table(options: argparse.Namespace) -> str:
    """The sides in turn, as a Markdown table; ratios to the first one."""
    runs: dict[str, list[dict[str, Any]]] = {side: [] for side in options.sides}
    for _ in range(options.repeat):
        for side in options.sides:
            runs[side].append(run_side(options, side))
    first = runs[options.sides[0]]
    lines = [
        (
            "| side | dtype | tokens/s of each run | median | a CPU second | "
            f"{options.sides[0]} is faster by | held-out loss | peak GiB |"
        ),
        "|---|---|---|---|---|---|---|---|",
    ]
    for side, found in runs.items():
        each = ", ".join(f"{run['tokens_per_s']:,.0f}" for run in found)
        wall, busy = (
            middle(first, name) / middle(found, name)
            for name in ("tokens_per_s", "tokens_per_busy_s")
        )
        peak = max(run["peak_bytes"] for run in found) / 2**30
        lines.append(
            f"| {side} | {found[0]['dtype']} | {each} | {middle(found, 'tokens_per_s'):,.0f} | "
            f"{middle(found, 'tokens_per_busy_s'):,.0f} | {wall:.2f}, by CPU seconds {busy:.2f} | "
            f"{found[-1]['loss']:.3f} | {peak:.2f} |"
        )
    return "\n".join(lines)


def middle(runs: list[dict[str, Any]], name: str) -> float:
    """The median run's figure."""
    return statistics.median(run[name] for run in runs)


def waiting_table(options: argparse.Namespace) -> str:
    """Lamina's side under each way to wait, alone and beside a busy process, in turns."""
    rates: dict[str, list[list[float]]] = {name: [[], []] for name in WAITING}
    for _ in range(options.repeat):
        for name, environment in WAITING.items():
            rates[name][0].append(run_side(options, "lamina", environment)["tokens_per_s"])
            with busy_process():
                rates[name][1].append(run_side(options, "lamina", environment)["tokens_per_s"])
    lines = ["| threads wait by | alone, tokens/s | beside a busy process |", "|---|---|---|"]
    for name, pair in rates.items():
        told = (
            f"{statistics.median(one):,.0f} ({', '.join(f'{rate:,.0f}' for rate in one)})"
            for one in pair
        )
        lines.append(f"| {name} | {' | '.join(told)} |")
    return "\n".join(lines)


@contextmanager
def busy_process() -> Iterator[None]:
    """Meanwhile another process computes without end."""
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        other.kill()
        other.wait()


if __name__ == "__main__":
    main()
