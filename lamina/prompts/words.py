"""What a vocabulary says of the ends of a text, and which tokens end a turn."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

# A model stops at any token spelled so, whatever its files name as its end: llama.cpp b0c1e57098,
# src/llama-vocab.cpp, `special_eog_ids`. Its two exceptions are in `spelled_ends`.
_ENDS = frozenset(
    {
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>",
        "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]",
        "[EOS]", "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>",
        "<\uff5cend\u2581of\u2581sentence\uff5c>", "[e~[",
    }
)  # fmt: skip
# What code models put between files: llama.cpp stops there, too (there `special_fim_pad_id`,
# `special_fim_rep_id`, `special_fim_sep_id`). SmolLM2 has `<reponame>`.
_BETWEEN_FILES = frozenset(
    {
        "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]", "<|fim_repo|>", "<|repo_name|>",
        "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>",
    }
)  # fmt: skip


class Words(BaseModel):
    """How a vocabulary spells the ends of a text."""

    model_config = ConfigDict(frozen=True)

    bos: str
    eos: str
    eos_id: int
    adds_bos: bool = Field(description="whether a text begins with BOS")
    ends: frozenset[str] = Field(description="spellings of all tokens at which the model stops")
    specials: frozenset[str] = Field(
        frozenset(), description="spellings of the tokens that stand for no text, such as BOS"
    )


def spelled_ends(vocabulary: Iterable[str], eos: str) -> frozenset[str]:
    """The spellings in a vocabulary at which llama.cpp would stop."""
    found = {eos, *(token for token in vocabulary if token in _ENDS | _BETWEEN_FILES)}
    if {"<|return|>", "<|call|>"} <= found or {"<|calls|>", "<|flush|>"} <= found:
        found.discard("<|end|>")
    if "<|tool_response>" in found:
        found.discard("</s>")
    return frozenset(found)
