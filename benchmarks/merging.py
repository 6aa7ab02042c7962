"""Merging a layer into a base of 7B shape: seconds and memory over time, beside PEFT's own way.

    python benchmarks/merging.py --blocks 16 --rounds 2 --peft
    python benchmarks/merging.py --blocks 32
    python benchmarks/merging.py --exports 25

The base is Mistral-7B's shape with random bfloat16 weights, made on the disk (32 blocks: 14.5 GB)
and removed afterwards, as is each result; twice its size must be free. Every run is a process of
its own, whose memory is read ten times a second; "anonymous" is what it holds, "resident" counts
mapped files, too. PEFT: load in bfloat16, attach, `merge_and_unload`, save in shards of 4 GB.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lamina.artifacts import ArtifactRef
from lamina.passport import BaseIdentity, Passport
from lamina.progress import Silent
from lamina.safetensors_stream import Entry, write_model
from lamina.settings import load
from lamina.store import Stage, Store

HIDDEN, FEED, NARROW, VOCABULARY, RANK = 4096, 14336, 1024, 32000, 16
WIDTH, HEIGHT = 640, 240
ATTENTION = {"q_proj": (HIDDEN, HIDDEN), "k_proj": (NARROW, HIDDEN), "v_proj": (NARROW, HIDDEN),
             "o_proj": (HIDDEN, HIDDEN)}  # fmt: skip
FEED_FORWARD = {"gate_proj": (FEED, HIDDEN), "up_proj": (FEED, HIDDEN), "down_proj": (HIDDEN, FEED)}
IDENTITY = BaseIdentity(
    name="random", digest="0" * 64, fingerprint="0" * 64, architecture="mistral"
)


@dataclass
class Run:
    """One process, watched."""

    what: str
    seconds: float
    curve: list[tuple[float, float, float]]  # seconds, anonymous GiB, resident GiB

    @property
    def peaks(self) -> tuple[float, float]:
        """Largest anonymous and resident memory, GiB."""
        return max(one[1] for one in self.curve), max(one[2] for one in self.curve)


def main() -> None:
    """Make the base, run what was asked for, print tables."""
    options = _parsed()
    if options.child:
        _child(options.child, options.folder)
        return
    with tempfile.TemporaryDirectory(dir=options.tmp) as name:
        folder = Path(name)
        if options.exports:
            print(_exports(folder, options.exports))
            return
        make_base(folder / "base", options.blocks)
        make_layers(folder, options.blocks, 1)
        os.sync()  # the base is on the disk before anything is timed
        ways = ["lamina", "peft"] if options.peft else ["lamina"]
        runs = [_watched(way, folder) for _ in range(options.rounds) for way in ways]
    size = sum(np.prod(shape) for _, shape in tensors(options.blocks)) * 2 / 1e9
    print(f"{options.blocks} blocks, {size:.1f} GB\n\n| run | seconds | anonymous peak, GiB "
          "| resident peak, GiB |\n|---|---|---|---|")  # fmt: skip
    for run in runs:
        print(f"| {run.what} | {run.seconds:.0f} | {run.peaks[0]:.2f} | {run.peaks[1]:.2f} |")
    if options.svg:
        options.svg.write_text(picture(runs[: len(ways)]), encoding="utf-8")


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument(
        "--peft", action="store_true", help="beside PEFT, for which all must fit memory"
    )
    parser.add_argument("--exports", type=int, help="export so many layers to GGUF instead")
    parser.add_argument("--svg", type=Path, help="where to draw memory over time")
    parser.add_argument("--tmp", type=Path, help="folder on a disk with room")
    parser.add_argument("--child", choices=("lamina", "peft"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


# -- base and layers --------------------------------------------------------------------------


def tensors(blocks: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes, in the order of a real checkpoint."""
    yield "model.embed_tokens.weight", (VOCABULARY, HIDDEN)
    for block in range(blocks):
        prefix = f"model.layers.{block}"
        for name, shape in ATTENTION.items():
            yield f"{prefix}.self_attn.{name}.weight", shape
        for name, shape in FEED_FORWARD.items():
            yield f"{prefix}.mlp.{name}.weight", shape
        for name in ("input_layernorm", "post_attention_layernorm"):
            yield f"{prefix}.{name}.weight", (HIDDEN,)
    yield "model.norm.weight", (HIDDEN,)
    yield "lm_head.weight", (VOCABULARY, HIDDEN)


def make_base(folder: Path, blocks: int) -> None:
    """Random weights of about 0.02, in shards."""
    folder.mkdir()
    write_config(folder, blocks)
    random = np.random.default_rng(0).integers(0, 1 << 16, 1 << 26, dtype=np.uint16)
    noise = memoryview(((random & 0x807F) | 0x3C80).view(np.uint8))  # sign and fraction random

    def contents(part: Sequence[Entry]) -> Iterator[memoryview]:
        for left in (entry.size_bytes for entry in part):
            for start in range(0, left, len(noise)):
                yield noise[: left - start]

    entries = [
        Entry(name, "BF16", shape, folder, 0, 2 * int(np.prod(shape)))
        for name, shape in tensors(blocks)
    ]
    write_model(folder, entries, contents)


def write_config(folder: Path, blocks: int) -> None:
    """Mistral-7B's, with another number of blocks."""
    config = {
        "architectures": ["MistralForCausalLM"], "model_type": "mistral", "hidden_size": HIDDEN,
        "intermediate_size": FEED, "num_hidden_layers": blocks, "num_attention_heads": 32,
        "num_key_value_heads": 8, "vocab_size": VOCABULARY, "rms_norm_eps": 1e-5,
        "max_position_embeddings": 32768, "rope_theta": 1e6, "sliding_window": None,
        "tie_word_embeddings": False, "torch_dtype": "bfloat16", "hidden_act": "silu",
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))


def make_layers(folder: Path, blocks: int, count: int) -> list[ArtifactRef]:
    """Random layers of rank 16 on q, k, v, o, as artifacts."""
    from safetensors.numpy import save_file

    store = Store(folder / "store")
    random = np.random.default_rng(1)

    def make(draft: Path, number: int) -> dict[str, object]:
        weights = {}
        for block in range(blocks):
            for name, (outputs, inputs) in ATTENTION.items():
                prefix = f"base_model.model.model.layers.{block}.self_attn.{name}"
                for letter, shape in (("A", (RANK, inputs)), ("B", (outputs, RANK))):
                    values = random.standard_normal(shape, dtype=np.float32)
                    weights[f"{prefix}.lora_{letter}.weight"] = values * np.float32(0.01)
        save_file(weights, draft / "adapter_model.safetensors")
        config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": RANK, "lora_alpha": 32,
                  "target_modules": sorted(ATTENTION), "lora_dropout": 0.0,
                  "base_model_name_or_path": "random"}  # fmt: skip
        (draft / "adapter_config.json").write_text(json.dumps(config))
        passport = Passport(
            layer=f"layer{number}", base_name="random", base_digest=IDENTITY.digest or "",
            base_fingerprint=IDENTITY.fingerprint, architecture="mistral", preset="random",
            rank=RANK, alpha=32, dataset="0" * 64, documents=(),
        )  # fmt: skip
        return {"passport": passport.model_dump(mode="json")}

    return [
        store.once("adapter", Stage("random", 1), {"n": n}, lambda draft, n=n: make(draft, n))
        for n in range(count)
    ]


# -- runs -------------------------------------------------------------------------------------


def _watched(way: str, folder: Path) -> Run:
    command = [sys.executable, __file__, "--child", way, "--folder", str(folder)]
    started_s = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    curve = []
    while child.poll() is None:
        with contextlib.suppress(OSError, KeyError, ValueError):
            curve.append((time.monotonic() - started_s, *_memory(child.pid)))
        time.sleep(0.1)
    seconds = time.monotonic() - started_s
    if child.returncode:
        way = f"{way} (ended with {child.returncode})"
    for result in (folder / "store" / "merged", folder / "store" / "keys", folder / "peft"):
        shutil.rmtree(result, ignore_errors=True)
    print(f"{way}: {seconds:.1f} s", file=sys.stderr, flush=True)
    return Run(way, seconds, curve)


def _memory(process: int) -> tuple[float, float]:
    """Anonymous and resident, GiB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    status = {line.split(":")[0]: line.split()[1] for line in lines if "kB" in line}
    return int(status["RssAnon"]) / 2**20, int(status["VmRSS"]) / 2**20


def _child(way: str, folder: Path) -> None:
    if way == "lamina":
        from lamina.conversion.merge import merge_level

        store = Store(folder / "store")
        layers = [
            (ArtifactRef(kind="adapter", digest=path.name), 1.0)
            for path in (store.root / "adapter").iterdir()
        ]
        merge_level(folder / "base", IDENTITY, layers, store=store, progress=Silent())
        return
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    (layer,) = (folder / "store" / "adapter").iterdir()
    base = AutoModelForCausalLM.from_pretrained(folder / "base", dtype=torch.bfloat16)
    merged = PeftModel.from_pretrained(base, str(layer)).merge_and_unload()
    merged.save_pretrained(folder / "peft", max_shard_size="4GB")


def _exports(folder: Path, count: int) -> str:
    """Layers to GGUF: one after another each by itself, and all in one go."""
    from lamina.conversion.export import export_layers

    (folder / "base").mkdir()
    write_config(folder / "base", 32)
    layers = make_layers(folder, 32, count)
    store = Store(folder / "store")

    def seconds(refs: list[ArtifactRef]) -> float:
        started_s = time.monotonic()
        scripts = load().llama_cpp_dir
        export_layers(refs, folder / "base", store=store, progress=Silent(), llama_cpp_dir=scripts)
        return time.monotonic() - started_s

    alone = seconds(layers[:1])
    for made in ("keys", "lora-gguf"):
        shutil.rmtree(store.root / made)
    whole = seconds(layers)
    return f"one layer {alone:.1f} s, {count} layers {whole:.1f} s ({whole / count:.2f} s each)"


# -- picture ----------------------------------------------------------------------------------


def picture(runs: list[Run]) -> str:
    """Anonymous memory over time, a line a run."""
    longest = max(run.seconds for run in runs)
    highest = max(run.peaks[0] for run in runs) * 1.05
    colours = ("#0b7a75", "#c8553d", "#33658a")
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12"'
    told = f"anonymous memory, GiB (top {highest:.2f}), over {longest:.0f} s"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="8" y="16">{told}</text>',
    ]
    for run, colour in zip(runs, colours, strict=False):
        points = " ".join(
            f"{WIDTH * at / longest:.1f},{HEIGHT - (HEIGHT - 24) * anonymous / highest:.1f}"
            for at, anonymous, _ in run.curve
        )
        line = f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>'
        last = run.curve[-1]
        label = f'<text x="{max(4.0, WIDTH * last[0] / longest - 60):.0f}" y="{HEIGHT - 6}" '
        parts += [line, f'{label}fill="{colour}">{run.what}</text>']
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    main()
