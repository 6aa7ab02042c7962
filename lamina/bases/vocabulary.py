"""A GGUF file's vocabulary as Hugging Face's tokenizer files.

llama.cpp knows two kinds that matter here: `gpt2`, bytes spelled as letters and merged in a given
order; and `llama`, SentencePiece's pieces with scores. Whether what is written here cuts text as
llama.cpp does is not believed but tried (acceptance.py).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from lamina.bases.families import damaged
from lamina.bases.pretokenizers import CUTS
from lamina.errors import InvalidInputError
from lamina.gguf import Header

# llama.cpp takes these for control tokens whatever type the file gives them (llama-vocab.cpp)
_CONTROL_LOOKING = {
    "</s>", "<eos>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|eot_id|>", "<|eom_id|>", "<|im_end|>",
    "<|end|>", "<|endoftext|>", "<|end_of_text|>", "<end_of_turn>", "<end_of_utterance>",
    "<|return|>", "<|call|>", "<|calls|>", "<|flush|>", "<turn|>", "<|tool_response>", "[e~[",
}  # fmt: skip


class Kind(IntEnum):
    """llama.cpp's and SentencePiece's types of a token."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True)
class Vocabulary:
    """What a GGUF file says of its tokens."""

    model: str  # gpt2 or llama
    pre: str
    pieces: tuple[str, ...]
    kinds: tuple[int, ...]
    scores: tuple[float, ...]  # empty for gpt2
    merges: tuple[tuple[str, str], ...]  # empty for llama
    bos: int | None
    eos: int
    unknown: int | None
    padding: int | None
    turn_end: int | None
    adds_bos: bool
    adds_eos: bool
    prefixes_space: bool
    template: str | None

    def ids(self) -> dict[str, int]:
        """Ids by piece, without those that stand for nothing."""
        return {
            piece: number
            for number, (piece, kind) in enumerate(zip(self.pieces, self.kinds, strict=True))
            if kind != Kind.UNUSED
        }

    def special(self) -> list[str]:
        """Pieces that steer the model and are never text."""
        pairs = zip(self.pieces, self.kinds, strict=True)
        return [piece for piece, kind in pairs if kind == Kind.CONTROL]


def vocabulary_of(header: Header) -> Vocabulary:
    """The vocabulary of a model file.

    Raises:
        InvalidInputError: of a kind that cannot be rebuilt.
        DamagedError: it contradicts itself.

    """
    model = header.text("tokenizer.ggml.model") or "none"
    pre = header.text("tokenizer.ggml.pre") or "default"
    if model not in {"gpt2", "llama"} or (model == "gpt2" and pre not in CUTS):
        said = f"model {model}" if model not in {"gpt2", "llama"} else f"pre-tokenizer {pre}"
        msg = (
            f"{header.path.name} cannot be taken as a base: its tokenizer ({said}) is not known "
            "here; take the model from a hub or a folder instead"
        )
        raise InvalidInputError(msg)
    pieces = tuple(map(str, _list(header, "tokens", str)))
    kinds = _list(header, "token_type", int) or [Kind.NORMAL] * len(pieces)
    cut = CUTS[pre] if model == "gpt2" else None
    found = Vocabulary(
        model=model,
        pre=pre,
        pieces=pieces,
        kinds=tuple(map(_kind, pieces, kinds)) if len(kinds) == len(pieces) else (),
        scores=tuple(map(float, _list(header, "scores", float))) if model == "llama" else (),
        merges=tuple(map(_pair, _list(header, "merges", str))) if model == "gpt2" else (),
        bos=_id(header, "bos_token_id", len(pieces)),
        eos=_end(header, len(pieces)),
        unknown=_id(header, "unknown_token_id", len(pieces)),
        padding=_id(header, "padding_token_id", len(pieces)),
        turn_end=_id(header, "eot_token_id", len(pieces)),
        adds_bos=_flag(header, "add_bos_token", cut.adds_bos if cut else True),
        adds_eos=_flag(header, "add_eos_token", default=False),
        prefixes_space=_flag(header, "add_space_prefix", model == "llama"),
        template=header.text("tokenizer.chat_template"),
    )
    _check(header, found)
    return found


def _check(header: Header, found: Vocabulary) -> None:
    size = len(found.pieces)
    if len(found.kinds) != size or (found.model == "llama" and len(found.scores) != size):
        raise damaged(header, "its tokens, their types and scores are not equally many")
    used = sum(kind != Kind.UNUSED for kind in found.kinds)
    if len(found.ids()) != used:
        raise damaged(header, f"{used - len(found.ids())} of its tokens stand there twice")
    known = found.ids()
    for left, right in found.merges:
        if not {left, right, left + right} <= known.keys():
            raise damaged(header, f"its merge {left!r} {right!r} is of no tokens")


def _kind(piece: str, said: int) -> int:
    return Kind.CONTROL if piece in _CONTROL_LOOKING else int(said)


def _list(header: Header, name: str, kind: type) -> list[Any]:
    held = header.metadata.get(f"tokenizer.ggml.{name}", [])
    numbers = (int, float) if kind is float else (kind,)
    if not isinstance(held, list) or not all(isinstance(one, numbers) for one in held):
        raise damaged(header, f"its tokenizer.ggml.{name} is no list of the right kind")
    return held


def _pair(merge: str) -> tuple[str, str]:
    at = merge.find(" ", 1)  # as llama.cpp cuts it
    return merge[:at], merge[at + 1 :]


def _id(header: Header, name: str, size: int) -> int | None:
    held = header.number(f"tokenizer.ggml.{name}")
    return int(held) if held is not None and 0 <= held < size else None


def _end(header: Header, size: int) -> int:
    found = _id(header, "eos_token_id", size)
    if found is None:
        raise damaged(header, "it names no end-of-text token")
    return found


def _flag(header: Header, name: str, default: bool) -> bool:
    held = header.metadata.get(f"tokenizer.ggml.{name}")
    return held if isinstance(held, bool) else default
