"""The smallest model of each family, converted by llama.cpp's own script."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

from lamina.conversion.converter import Converter
from lamina.conversion.jobs import Quantize, Script
from lamina.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))  # its builder serves here, too
import miniature_base

LLAMA_CPP_DIR = Settings().llama_cpp_dir
SMALL: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 3,
    "initializer_range": 0.2,  # large, so that logits differ enough to compare
}
LLAMA3 = {
    "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 1024, "rope_theta": 50000.0,
}  # fmt: skip
FAMILIES: dict[str, dict[str, Any]] = {
    "Llama": {"head_dim": 32, "rope_parameters": LLAMA3},
    "Mistral": {"sliding_window": None, "head_dim": 16},
    "Qwen2": {"tie_word_embeddings": True, "use_sliding_window": False},
    "Qwen3": {"head_dim": 32, "use_sliding_window": False},
    "Gemma3": {
        "head_dim": 32, "query_pre_attn_scalar": 32, "num_hidden_layers": 7, "sliding_window": 16,
    },
}  # fmt: skip


class Pair(NamedTuple):
    """One model in both forms."""

    folder: Path
    gguf: Path


def build(root: Path) -> dict[str, Pair]:
    """Every family; norms and biases are random, too."""
    tokenizer = miniature_base.build(root / "tokenizer")
    found = {}
    with Converter(LLAMA_CPP_DIR, root / "convert.log") as converter:
        for name in FAMILIES:
            folder = root / name.lower()
            _write(folder, name, tokenizer)
            gguf = root / f"{name.lower()}.F32.gguf"
            _plain_gguf(folder, gguf, converter)
            found[name] = Pair(folder, gguf)
    return found


def _plain_gguf(folder: Path, target: Path, converter: Converter) -> None:
    """As somebody else would have converted it: without Lamina's papers."""
    converter.run(
        Script(
            script="convert_hf_to_gguf.py",
            arguments=(str(folder), "--outfile", str(target), "--outtype", "f32"),
            name=folder.name,
            metadata={},
        )
    )


def quantized(pair: Pair, ftype: str, target: Path) -> Path:
    """The same model, rounded by llama.cpp."""
    with Converter(LLAMA_CPP_DIR, target.with_suffix(".log")) as converter:
        job = Quantize(source=str(pair.gguf), target=str(target), ftype=ftype, threads=1)
        converter.run(job)
    return target


def _write(folder: Path, name: str, tokenizer: Path) -> None:
    import torch
    import transformers

    shutil.copytree(tokenizer, folder, ignore=shutil.ignore_patterns("model*", "*config.json"))
    shutil.copy(tokenizer / "tokenizer_config.json", folder)
    vocab = len(json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"])
    kind = "Gemma3Text" if name == "Gemma3" else name
    config = getattr(transformers, f"{kind}Config")(vocab_size=vocab, **(SMALL | FAMILIES[name]))
    torch.manual_seed(7)
    model = getattr(transformers, f"{name}ForCausalLM")(config)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() == 1:
                weight.add_(0.3 * torch.randn_like(weight))
    model.to(torch.bfloat16).save_pretrained(folder)
