"""What the loaded model says, greedily, many prompts at once: for what is asked of it in training.

Layers are served by llama.cpp; here the base in PyTorch is at hand, and nothing else need be.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lamina.prompts import Prompts
from lamina.training.base import Model

AT_ONCE = 16


class Speaker:
    """A model with what turns tokens into text, for as long as `speaking` lasts."""

    def __init__(self, model: Model, prompts: Prompts, folder: Path) -> None:
        """`folder` is the base's, with its tokenizer."""
        from tokenizers import Tokenizer

        self._model = model
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        ends = (self._tokenizer.token_to_id(end) for end in prompts.words.ends)
        self._ends = sorted(end for end in ends if end is not None)

    def said(
        self, prompts: Sequence[Sequence[int]], most_tokens: int
    ) -> Iterator[tuple[str, bool]]:
        """What follows each prompt, at most so many tokens, and whether it came to its end."""
        for start in range(0, len(prompts), AT_ONCE):
            for ids in self._generated(prompts[start : start + AT_ONCE], most_tokens):
                end = next((at for at, token in enumerate(ids) if token in self._ends), None)
                text = self._tokenizer.decode(ids[:end], skip_special_tokens=True)
                yield text.strip(), end is not None

    def _generated(self, prompts: Sequence[Sequence[int]], most_tokens: int) -> list[list[int]]:
        import torch
        from transformers import GenerationConfig

        width = max(map(len, prompts))
        pad = self._ends[0]
        padded = [[pad] * (width - len(ids)) + [*ids] for ids in prompts]
        seen = [[0] * (width - len(ids)) + [1] * len(ids) for ids in prompts]
        found = self._model.generate(
            input_ids=torch.tensor(padded, device=self._model.device),
            attention_mask=torch.tensor(seen, device=self._model.device),
            generation_config=GenerationConfig(
                max_new_tokens=most_tokens,
                do_sample=False,
                eos_token_id=self._ends,
                pad_token_id=pad,
            ),
        )
        ids: list[list[int]] = found[:, width:].tolist()
        return ids


@contextmanager
def speaking(model: Model, prompts: Prompts, folder: Path) -> Iterator[Speaker]:
    """The model, ready to speak."""
    with with_cache(model) as inner:
        yield Speaker(inner, prompts, folder)


@contextmanager
def with_cache(model: Model) -> Iterator[Model]:
    """The model with an attention that knows a cache of keys; ours is for packs of documents."""
    import torch

    inner = getattr(model, "get_base_model", lambda: model)()
    before = inner.config._attn_implementation  # noqa: SLF001 - transformers has no other way
    inner.set_attn_implementation("sdpa")
    try:
        with torch.inference_mode():
            yield inner
    finally:
        inner.set_attn_implementation(before)
