"""A byte-level vocabulary, trained here, in a GGUF file without weights."""

import json
from functools import cache
from pathlib import Path

from lamina.bases.battery import passages, texts
from lamina.bases.vocabulary import Kind
from lamina.bases.weights import gguf_package
from lamina.settings import Settings

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|eot_id|>")
USER_DEFINED = ("<tool>", "<|thought|>")


@cache
def learnt() -> tuple[list[str], list[list[str]]]:
    """Pieces and merges, learnt across words, figures and lines: only a cut keeps them off."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(
        vocab_size=1200,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*passages(), *texts([], seed=5)] * 2, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    pieces = [piece for piece, _ in sorted(model["vocab"].items(), key=lambda pair: pair[1])]
    return pieces, model["merges"]


def write(path: Path, pre: str, *, special: tuple[str, ...] = SPECIAL) -> Path:
    """The file, with special tokens behind the pieces."""
    pieces, merges = learnt()
    added = [*special, *USER_DEFINED]
    kinds = [Kind.NORMAL] * len(pieces) + [Kind.CONTROL] * len(special)
    kinds += [Kind.USER_DEFINED] * len(USER_DEFINED)
    gguf = gguf_package(Settings().llama_cpp_dir)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list([*pieces, *added])
    writer.add_token_types([int(kind) for kind in kinds])
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(len(pieces))
    writer.add_eos_token_id(len(pieces) + len(special) - 1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path
