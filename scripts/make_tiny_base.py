"""Pre-train the demo's tiny base from generated text and write it, with its figures, to a folder.

Run it as `python scripts/make_tiny_base.py [--minutes 9] [--out lamina/demo/tiny_base]`. Two cores
are enough. The schedule follows the clock, so a slower machine sees fewer tokens, and two runs
agree in the tokenizer and the text but not in the last bit of the weights.
"""

import argparse
import io
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
from tokenizers import AddedToken, Tokenizer, decoders, normalizers
from tokenizers.models import BPE
from tokenizers.processors import TemplateProcessing
from transformers import (
    GenerationConfig,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedTokenizerFast,
)

from lamina.demo.pretraining_text import Chat, documents, standing_topics

UNK, BOS, EOS, PAD = 0, 1, 2, 3
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% else %}{{ ' ' + message['content'] + eos_token }}{% endif %}{% endfor %}"
)


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


def train_tokenizer(run: Run) -> bytes:
    """A SentencePiece BPE model with byte fallback, of Llama's settings, as its protobuf bytes."""
    stream = documents(random.Random(run.seed), standing_topics(run.seed, run.standing))
    lines = [line for item in islice(stream, run.tokenizer_documents) for line in _lines(item)]
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        model_type="bpe",
        vocab_size=run.vocabulary,
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        character_coverage=0.9999,
        unk_id=UNK,
        bos_id=BOS,
        eos_id=EOS,
        pad_id=PAD,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


def write_tokenizer(proto: bytes, run: Run) -> None:
    """Write `tokenizer.model` and the files transformers reads; all give the same ids.

    SentencePiece puts one blank before every text, even before one that begins with a blank.
    Metaspace would not, so the blank is put there by a normalizer.
    """
    (run.out / "tokenizer.model").write_bytes(proto)
    pieces = spm.SentencePieceProcessor(model_proto=proto)
    vocabulary = {pieces.id_to_piece(i): i for i in range(pieces.vocab_size())}
    model = BPE(vocabulary, _merges(pieces, vocabulary), byte_fallback=True, fuse_unk=True)
    inner = Tokenizer(model)
    inner.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
    )
    inner.decoder = decoders.Sequence(
        [
            decoders.Replace("\u2581", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(content=" ", left=1),
        ]
    )
    inner.post_processor = TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", BOS)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        unk_token=_special("<unk>"),
        bos_token=_special("<s>"),
        eos_token=_special("</s>"),
        pad_token=_special("<pad>"),
        model_max_length=2048,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.save_pretrained(run.out)
    _note_class(run.out / "tokenizer_config.json")


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
        max_position_embeddings=2048,
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
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--seed", type=int, default=7)
    run = Run(**vars(parser.parse_args()))
    torch.set_num_threads(2)
    run.out.mkdir(parents=True, exist_ok=True)
    proto = train_tokenizer(run)
    write_tokenizer(proto, run)
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


def _lines(item: str | Chat) -> list[str]:
    return _text(item).split("\n")


def _text(item: str | Chat) -> str:
    """The document as trained on; a chat is written as the chat template writes it."""
    return item if isinstance(item, str) else f"[INST] {item.prompt} [/INST] {item.answer}"


def _special(text: str) -> AddedToken:
    return AddedToken(text, special=True, normalized=False)


def _note_class(path: Path) -> None:
    """Name the class by its public name and say in words that a text begins with `<s>`."""
    config = json.loads(path.read_text(encoding="utf-8"))
    config |= {"tokenizer_class": "PreTrainedTokenizerFast", "add_bos_token": True}
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _merges(
    pieces: spm.SentencePieceProcessor, vocabulary: dict[str, int]
) -> list[tuple[str, str]]:
    """Every split of every piece into two pieces, in the order SentencePiece prefers them."""
    ranked = [
        (vocabulary[piece], vocabulary[piece[:cut]], vocabulary[piece[cut:]], piece, cut)
        for piece in vocabulary
        if not pieces.is_control(vocabulary[piece]) and not pieces.is_byte(vocabulary[piece])
        for cut in range(1, len(piece))
        if piece[:cut] in vocabulary and piece[cut:] in vocabulary
    ]
    return [(piece[:cut], piece[cut:]) for *_, piece, cut in sorted(ranked)]


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
