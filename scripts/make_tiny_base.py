"""Pre-train the demo's tiny base from generated text and write it, with its figures, to a folder.

Run it as `python scripts/make_tiny_base.py [--minutes 8] [--out lamina/demo/tiny_base]`. Two cores
are enough. The schedule follows the clock, so a slower machine sees fewer tokens, and two runs
agree in the tokenizer and the text but not in the last bit of the weights.
"""

import argparse
import json
import math
import os
import platform
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import sentencepiece as spm
import torch
from tiny_tokenizer import BOS, EOS, LONGEST_TOKENS, PAD, train_tokenizer, write_tokenizer
from transformers import (
    GenerationConfig,
    MistralConfig,
    MistralForCausalLM,
)

from lamina.demo.pretraining_text import Chat, documents, standing_topics


@dataclass(frozen=True, slots=True)
class Run:
    """What one pre-training run is asked to do."""

    out: Path
    minutes: float  # of training; the tokenizer and the last evaluation come on top
    seed: int
    vocabulary: int = 768
    hidden: int = 256  # a multiple of 256, so that Q4_K quantizes every matrix
    intermediate: int = 512  # the same
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    row_tokens: int = 256
    rows: int = 16  # rows in one step
    peak_rate: float = 3e-3
    warmup_share: float = 0.03
    standing: int = 60  # companies whose facts never change
    tokenizer_documents: int = 6_000
    heldout_rows: int = 64


def tokenizer_lines(run: Run) -> Iterator[str]:
    """Text for the tokenizer, a line at a time."""
    stream = documents(random.Random(run.seed), standing_topics(run.seed, run.standing))
    for item in islice(stream, run.tokenizer_documents):
        yield from _text(item).split("\n")


def new_model(run: Run) -> MistralForCausalLM:
    """The untrained base."""
    torch.manual_seed(run.seed)
    config = MistralConfig(
        vocab_size=run.vocabulary,
        hidden_size=run.hidden,
        intermediate_size=run.intermediate,
        num_hidden_layers=run.layers,
        num_attention_heads=run.heads,
        num_key_value_heads=run.kv_heads,
        head_dim=run.hidden // run.heads,
        max_position_embeddings=LONGEST_TOKENS,
        sliding_window=None,
        bos_token_id=BOS,
        eos_token_id=EOS,
        pad_token_id=PAD,
        tie_word_embeddings=False,
    )
    return MistralForCausalLM(config)


def packed_rows(run: Run, proto: bytes, seed: int, *, standing: int) -> Iterator[list[int]]:
    """Rows of `row_tokens` ids; documents follow one another and may cross rows."""
    pieces = spm.SentencePieceProcessor(model_proto=proto)
    pending: list[int] = []
    topics = standing_topics(run.seed, standing)
    for item in documents(random.Random(seed), topics):
        pending += [BOS, *pieces.encode(_text(item)), EOS]
        while len(pending) >= run.row_tokens:
            yield pending[: run.row_tokens]
            pending = pending[run.row_tokens :]


def train(model: MistralForCausalLM, run: Run, proto: bytes) -> dict[str, float | int]:
    """Train until the minutes are spent: linear warm-up, then cosine to a tenth of the peak."""
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=run.peak_rate, betas=(0.9, 0.95), weight_decay=0.05
    )
    rows = packed_rows(run, proto, run.seed + 1, standing=run.standing)
    started, steps, recent = time.perf_counter(), 0, 0.0
    while (spent := (time.perf_counter() - started) / 60 / run.minutes) < 1:
        for group in optimizer.param_groups:
            group["lr"] = run.peak_rate * _share_of_peak(spent, run.warmup_share)
        loss = _loss(model, list(islice(rows, run.rows)))
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        steps += 1
        recent = loss.item() if steps == 1 else 0.98 * recent + 0.02 * loss.item()
        if steps % 50 == 0:
            print(f"step {steps}, {spent:.0%} of the time, loss {recent:.3f}", flush=True)
    return {
        "steps": steps,
        "tokens": steps * run.rows * run.row_tokens,
        "train_loss": round(recent, 4),
        "seconds": round(time.perf_counter() - started, 1),
    }


@torch.no_grad()
def heldout_loss(model: MistralForCausalLM, run: Run, proto: bytes) -> float:
    """Mean loss in nats a token on handbooks and chats of companies never seen in training."""
    rows = list(islice(packed_rows(run, proto, run.seed + 2, standing=0), run.heldout_rows))
    return round(_loss(model.eval(), rows).item(), 4)


def save(model: MistralForCausalLM, run: Run, figures: dict[str, object]) -> None:
    """Write weights (bf16), generation settings and `FIGURES.json`."""
    model.generation_config = GenerationConfig(
        bos_token_id=BOS, eos_token_id=EOS, pad_token_id=PAD, do_sample=False
    )
    model.to(torch.bfloat16).save_pretrained(run.out)
    text = json.dumps(figures, indent=2, sort_keys=True) + "\n"
    (run.out / "FIGURES.json").write_text(text, encoding="utf-8")


def main() -> None:
    """Tokenizer, model, training, figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("lamina/demo/tiny_base"))
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=7)
    run = Run(**vars(parser.parse_args()))
    torch.set_num_threads(2)
    run.out.mkdir(parents=True, exist_ok=True)
    proto = train_tokenizer(tokenizer_lines(run), run.vocabulary)
    write_tokenizer(proto, run.out)
    model = new_model(run)
    figures: dict[str, object] = {
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "run": {name: value for name, value in asdict(run).items() if name != "out"},
        "heldout_loss_before": heldout_loss(model, run, proto),
        **train(model.train(), run, proto),
        "heldout_loss": heldout_loss(model, run, proto),
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("torch", "transformers", "sentencepiece")},
    }
    save(model, run, figures)
    print(json.dumps(figures, indent=2, sort_keys=True))


def _text(item: str | Chat) -> str:
    """The document as trained on; a chat is written as the chat template writes it."""
    return item if isinstance(item, str) else f"[INST] {item.prompt} [/INST] {item.answer}"


def _share_of_peak(spent: float, warmup: float) -> float:
    if spent < warmup:
        return max(spent / warmup, 0.01)
    progress = (spent - warmup) / (1 - warmup)
    return 0.1 + 0.45 * (1 + math.cos(math.pi * progress))


def _loss(model: MistralForCausalLM, rows: list[list[int]]) -> torch.Tensor:
    ids = torch.tensor(rows)  # (rows, row_tokens)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss: torch.Tensor = model(input_ids=ids, labels=ids, use_cache=False).loss
    return loss


if __name__ == "__main__":
    main()
