"""Tokens a second in training: Lamina's packed recipe beside a plain Hugging Face Trainer.

    python benchmarks/training.py --data FOLDER [--shape tiny|1.1B] [--steps N] [--repeat N]
    python benchmarks/training.py --data FOLDER --questions    # text and question rows, as they mix
    python benchmarks/training.py --data FOLDER --job [--layers N]

Both sides get the same base, the same layer (rank, modules, dropout, rate) and the same chunks of
the topics' PDFs, eight a step; the Trainer pads each batch to its longest chunk, as its collator
does, in the order that it draws. Real tokens are counted, padding is not. Each run is a process of
its own, and the sides take turns, so that only ratios within one run mean something. Beside tokens
a second stand tokens a second of processor time: the same on a machine of its own, and steadier on
one that others share.

`--questions` takes six topics whose notes come with questions: rows as the product makes them, text
in chunks and questions of some dozen tokens, whose answers alone are learnt.

`--job` times N layers in one `train_layers` against N runs of it with one layer each.
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
from importlib.metadata import version
from pathlib import Path
from typing import Any

BATCH = 8  # chunks a step
RATE = 1e-3
SIDES = ("lamina", "trainer")
SHAPES: dict[str, dict[str, int]] = {
    "1.1B": {
        "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 22,
        "num_attention_heads": 32, "num_key_value_heads": 4,
    },
}  # fmt: skip


def main() -> None:
    """Make the chunks, run the sides in turn, and print a table."""
    options = parsed()
    if options.side:
        print(json.dumps(SIDE[options.side](options)))
        return
    if options.job:
        compare_jobs(options)
        return
    with tempfile.TemporaryDirectory() as folder:
        options.work = Path(folder)
        base = make_base(options)
        chunks = make_chunks(options, base)
        runs: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
        for _ in range(options.repeat):
            for side in SIDES:
                runs[side].append(run_side(options, base, side))
        print(told(options, chunks, runs))


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with topics/<layer>/*.pdf")
    parser.add_argument("--shape", choices=("tiny", *SHAPES), default="tiny")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--chunk-tokens", type=int, default=512)
    parser.add_argument("--sequence", type=int, default=2048, help="longest pack, in tokens")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--questions", action="store_true", help="text and question rows")
    parser.add_argument("--job", action="store_true", help="N layers in one job against N runs")
    parser.add_argument("--layers", type=int, default=25)
    parser.add_argument("--side", choices=SIDES, help="internal: one run, as a process")
    parser.add_argument("--work", type=Path, help="internal")
    return parser.parse_args()


# -- what both sides get ------------------------------------------------------------------------


def make_base(options: argparse.Namespace) -> Path:
    """The embedded base, or one of another shape with random weights and its tokenizer."""
    from lamina.workspace import EMBEDDED_BASE

    if options.shape == "tiny":
        return EMBEDDED_BASE
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    folder = Path(options.work) / "base"
    shutil.copytree(EMBEDDED_BASE, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    config = AutoConfig.from_pretrained(EMBEDDED_BASE)
    shape = SHAPES[options.shape]
    config.update({**shape, "head_dim": shape["hidden_size"] // shape["num_attention_heads"]})
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.save_pretrained(folder)
    return folder


def make_chunks(options: argparse.Namespace, base: Path) -> dict[str, Any]:
    """The rows of the topics as train.jsonl and validation.jsonl, shuffled once."""
    import random

    from lamina import settings
    from lamina.progress import Silent
    from lamina.stages import corpus
    from lamina.stages.pod import Pod
    from lamina.text.rows import read_rows, write_rows
    from lamina.text.verdicts import read_verdicts
    from lamina.workspace import Workspace

    root = Path(options.work) / "workspace"
    land(options, root / "data" / "raw_pdfs")
    chosen = settings.load(workspace=root, base_model=base)
    pod = Pod(chosen, Workspace(chosen).make(), Silent())
    identity = corpus.find_base(pod)
    verdicts = corpus.pdf_pretest(pod, corpus.find_documents(pod))
    names = corpus.chosen_layers(read_verdicts(pod.store, verdicts), [])
    parts = [
        corpus.build_dataset(pod, verdicts, name, identity, options.chunk_tokens) for name in names
    ]
    whole = pod.store.open(corpus.combine_datasets(pod, parts))
    counts: dict[str, Any] = {}
    for split, most in (("train", BATCH * options.steps), ("validation", 40)):
        rows = [
            row
            for row in read_rows(whole / f"{split}.jsonl")
            if row.kind == "text" or options.questions
        ]
        random.Random(1).shuffle(rows)
        counts[split] = write_rows(Path(options.work) / f"{split}.jsonl", rows[:most])
        counts[f"{split} questions"] = sum(row.kind == "qa" for row in rows[:most])
    return counts


def land(options: argparse.Namespace, folder: Path) -> None:
    """Six topics' documents: notes alone, or the notes that have the most questions, with them."""
    if not options.questions:
        for topic in sorted((options.data / "topics").iterdir())[:6]:
            shutil.copytree(topic, folder / topic.name)
        return
    asked: dict[str, list[dict[str, str]]] = {}
    for line in (options.data / "qa_tatqa.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        pair = {"question": entry["question"], "answer": entry["answer"]}
        asked.setdefault(entry["topic"], []).append(pair)
    topics = [topic for topic in (options.data / "topics_tatqa").iterdir() if topic.name in asked]
    for topic in sorted(topics, key=lambda each: (-len(asked[each.name]), each.name))[:6]:
        shutil.copytree(topic, folder / topic.name)
        lines = "".join(json.dumps(pair) + "\n" for pair in asked[topic.name])
        (folder / topic.name / "questions.jsonl").write_text(lines, encoding="utf-8")


def documents(options: argparse.Namespace, base: Path, split: str) -> list[Any]:
    """A split as token ids."""
    from lamina.prompts.folder import folder_prompts
    from lamina.text.rows import read_rows
    from lamina.training.documents import encode_rows

    rows = read_rows(options.work / f"{split}.jsonl")
    return encode_rows(rows, folder_prompts(base), options.sequence)


def chosen_profile(options: argparse.Namespace, tokens_a_step: int) -> Any:  # noqa: ANN401
    """The recipe of both sides."""
    from lamina.training.profiles import profile

    return profile(
        "level2",
        learning_rate=RATE,
        steps=options.steps,
        sequence_tokens=options.sequence,
        batch_tokens=tokens_a_step,
        warmup_share=0.1,
        evaluations=1,
        patience=0,
        dtype="float32",
        quantize="none",
    )


# -- the sides ----------------------------------------------------------------------------------


def lamina_side(options: argparse.Namespace) -> dict[str, Any]:
    """The product's own loop, on the base as it loads it."""
    import torch

    from lamina.artifacts import ArtifactRef
    from lamina.passport import identify_hf
    from lamina.progress import Silent
    from lamina.training.base import load
    from lamina.training.checkpoint import Checkpoint
    from lamina.training.fit import fit
    from lamina.training.loss import heldout_loss
    from lamina.training.order import LayerOrder
    from lamina.training.recipe import attach

    base = base_of(options)
    train, heldout = (documents(options, base, split) for split in ("train", "validation"))
    tokens = sum(len(each.ids) for each in train)
    torch.set_num_threads(options.threads)
    order = LayerOrder(
        layer="benchmark",
        dataset=ArtifactRef(kind="dataset", digest="0" * 64),
        base_folder=base,
        base=identify_hf(base),
        profile=chosen_profile(options, round(tokens / len(train) * BATCH)),
        seed=1,
    )
    model = load(order)
    with attach(model, order.profile, order.seed) as layer:
        checkpoint = Checkpoint(options.work / "state.pt", interval_s=3600)
        busy_s = time.process_time()
        outcome = fit(layer, order, train, [], Silent(), checkpoint)
        busy_s = time.process_time() - busy_s
        after = heldout_loss(layer, heldout, options.sequence)
    return figures(outcome.tokens, outcome.seconds, busy_s, after)


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

    from lamina.training.loss import heldout_loss

    logging.disable_progress_bar()
    base = base_of(options)
    train, heldout = (documents(options, base, split) for split in ("train", "validation"))
    torch.set_num_threads(options.threads)
    profile = chosen_profile(options, 4096)
    set_seed(1)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
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
        data_collator=DataCollatorForSeq2Seq(tokenizer(base), label_pad_token_id=-100),
    )
    started_s, busy_s = time.monotonic(), time.process_time()
    trainer.train()
    seconds, busy_s = time.monotonic() - started_s, time.process_time() - busy_s
    seen = sum(len(one.ids) for one in train)  # each chunk once
    return figures(seen, seconds, busy_s, heldout_loss(model, heldout, 1))


def tokenizer(base: Path) -> Any:  # noqa: ANN401 - transformers ships no types
    """The base's, with the pad token that its config names."""
    from transformers import AutoTokenizer

    found = AutoTokenizer.from_pretrained(base)
    if found.pad_token is None:
        found.pad_token = found.unk_token
    return found


def figures(tokens: int, seconds: float, busy_s: float, loss: float | None) -> dict[str, Any]:
    """What a side reports; `busy_s` is processor time, over all threads."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "tokens": tokens,
        "tokens_per_s": tokens / seconds,
        "tokens_per_busy_s": tokens / busy_s,
        "loss": loss,
        "peak_bytes": peak,
    }


SIDE = {"lamina": lamina_side, "trainer": trainer_side}


def base_of(options: argparse.Namespace) -> Path:
    """The base that `make_base` made."""
    from lamina.workspace import EMBEDDED_BASE

    return EMBEDDED_BASE if options.shape == "tiny" else options.work / "base"


def run_side(options: argparse.Namespace, base: Path, side: str) -> dict[str, Any]:
    """One run in a process of its own."""
    del base
    command = [
        sys.executable, __file__, "--side", side, "--work", str(options.work),
        "--shape", options.shape, "--steps", str(options.steps),
        "--sequence", str(options.sequence), "--threads", str(options.threads),
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def told(
    options: argparse.Namespace, chunks: dict[str, Any], runs: dict[str, list[dict[str, Any]]]
) -> str:
    """The runs as a Markdown table."""
    what = f"{chunks['train']} chunks of at most {options.chunk_tokens} tokens"
    if options.questions:
        what += f", {chunks['train questions']} of them questions"
    lines = [
        f"{options.shape} shape, {what}, {options.steps} steps, {options.threads} threads;",
        machine(),
        "",
        "| side | tokens/s of each run | median | a CPU second | held-out loss | peak GiB |",
        "|---|---|---|---|---|---|",
    ]
    for side, found in runs.items():
        each = ", ".join(f"{run['tokens_per_s']:,.0f}" for run in found)
        peak = max(run["peak_bytes"] for run in found) / 2**30
        lines.append(
            f"| {side} | {each} | {middle(found, 'tokens_per_s'):,.0f} | "
            f"{middle(found, 'tokens_per_busy_s'):,.0f} | {found[-1]['loss']:.3f} | {peak:.2f} |"
        )
    wall, busy = (
        middle(runs["lamina"], name) / middle(runs["trainer"], name)
        for name in ("tokens_per_s", "tokens_per_busy_s")
    )
    return "\n".join([*lines, "", f"ratio {wall:.2f}, by processor time {busy:.2f}"])


def middle(runs: list[dict[str, Any]], name: str) -> float:
    """The median run's figure."""
    return statistics.median(run[name] for run in runs)


def machine() -> str:
    """Processor and versions."""
    names = ("torch", "transformers", "peft", "accelerate")
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")),
        platform.machine(),
    )  # fmt: skip
    return f"{cpu}; " + ", ".join(f"{name} {version(name)}" for name in names)


# -- one job against many runs ------------------------------------------------------------------


def compare_jobs(options: argparse.Namespace) -> None:
    """N layers in one `train_layers`, and N runs with one layer each, from read PDFs on."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        topics = sorted((options.data / "topics").iterdir())[: options.layers]
        for topic in topics:
            shutil.copytree(topic, root / "read" / "data" / "raw_pdfs" / topic.name)
        flow(root / "read", ["--plan"])  # reads and chunks: the same for both, so not timed
        for name in ("one", "many"):
            shutil.copytree(root / "read", root / name, symlinks=True)
        started_s = time.monotonic()
        flow(root / "one", [])
        together_s = time.monotonic() - started_s
        started_s = time.monotonic()
        for topic in topics:
            flow(root / "many", [topic.name])
        apart_s = time.monotonic() - started_s
        equal = digests(root / "one") == digests(root / "many")
    print(f"{len(topics)} layers, embedded base, demo with {options.steps} steps; {machine()}\n")
    print("| | seconds |\n|---|---|")
    print(f"| one job | {together_s:.0f} |\n| {len(topics)} runs | {apart_s:.0f} |\n")
    print(f"ratio {apart_s / together_s:.2f}; the layers are equal: {equal}")
    if not equal:
        sys.exit(1)


def flow(workspace: Path, words: list[str]) -> None:
    """`lamina train_layers` on the embedded base; its steps are this run's global choice."""
    options = parsed()
    command = [
        sys.executable, "-c", "from lamina.cli import main; main()",
        "--workspace", str(workspace), "train_layers", *words, "--profile", "demo",
        "--set", f"steps={options.steps}", "--chunk-tokens", "256", "--no-archive",
    ]  # fmt: skip
    environment = {
        **os.environ, "LAMINA_BASE_MODEL": "tiny", "N_THREADS": str(options.threads),
    }  # fmt: skip
    done = subprocess.run(
        command, env=environment, cwd=workspace, check=False, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stderr)


def digests(workspace: Path) -> dict[str, str]:
    """Which version of each layer is published."""
    return {view.name: view.resolve().name for view in (workspace / "output" / "peft").iterdir()}


if __name__ == "__main__":
    main()
