"""Logits of the same tokens from PyTorch and from llama.cpp, and how far they are apart."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lamina.prompts import user
from lamina.prompts.folder import folder_prompts
from lamina.settings import load

LLAMA_CPP_DIR = load().llama_cpp_dir
Logits = NDArray[np.float32]  # (n_tokens, vocabulary)


def asked(base: Path, question: str, answer: str) -> list[int]:
    """Ids of a question with its answer, as they are trained on and served."""
    ids, _ = folder_prompts(base).answered([user(question)], answer)
    return ids


def torch_logits(base: Path, tokens: list[int], layer: Path | None = None) -> Logits:
    """What PyTorch says, with a PEFT layer if one is given."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    if layer is not None:
        model = PeftModel.from_pretrained(model, str(layer))
    with torch.no_grad():
        return model.eval()(torch.tensor([tokens])).logits[0].numpy()


def llama_logits(gguf: Path, tokens: list[int], layer: Path | None = None) -> Logits:
    """What llama.cpp says, with a GGUF layer if one is given, in a context of its own."""
    from llama_cpp import Llama

    model = Llama(
        str(gguf),
        lora_path=str(layer) if layer else None,
        n_ctx=256,
        n_threads=1,
        logits_all=True,
        verbose=False,
    )
    model.eval(tokens)
    return np.array(model.scores[: len(tokens)])


def llama_tokens(gguf: Path, text: str, *, bos: bool, special: bool) -> list[int]:
    """How llama.cpp cuts a text into tokens."""
    from llama_cpp import Llama

    model = Llama(str(gguf), vocab_only=True, verbose=False)
    return list(model.tokenize(text.encode(), add_bos=bos, special=special))


def mean_kl(expected: Logits, actual: Logits) -> float:
    """Mean over tokens of KL(expected || actual), in nats."""
    p, q = _log_softmax(expected), _log_softmax(actual)
    return float((np.exp(p) * (p - q)).sum(axis=1).mean())


def top_1_agreement(expected: Logits, actual: Logits, tie: float = 0.005) -> float:
    """Share of the tokens after which both would choose the same next one.

    What stands within `tie` of the highest logit is as good: float16 decides between them.
    """
    chosen = np.take_along_axis(expected, actual.argmax(axis=1)[:, None], axis=1)[:, 0]
    return float((expected.max(axis=1) - chosen <= tie).mean())


def _log_softmax(logits: Logits) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
