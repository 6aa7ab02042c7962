"""Whether a folder was trained on the base that is served, as far as names and tokens tell.

Shapes alone do not: Mistral-7B v0.1, v0.2, their instruct forms and many fine-tunes share them.
A name that says nothing (a path such as ./model) is no witness; two that say different things are.
"""

import json
import re
from pathlib import Path

from lamina.errors import MismatchError
from lamina.gguf import Header

_VERSION = re.compile(
    r"(?<![a-z0-9.])v(\d+(?:\.\d+)*)(?![a-z])"
    r"|(?:llama|qwen|gemma|phi|mistral|smollm|granite|olmo)[-_ ]?(\d+(?:\.\d+)?)(?![\d.]*[bm\d])"
)
_SIZE = re.compile(r"(?<![a-z0-9.])\d+(?:\.\d+)?[bm](?![a-z0-9])")
_KINDS = {"instruct": "instruct", "it": "instruct", "chat": "chat"}
_NAMES = ("general.name", "general.basename", "general.size_label", "general.version",
          "general.finetune", "lamina.base_name")  # fmt: skip
_TOKENIZER = "tokenizer.json"
_MAX_BYTES = 100_000_000
_PLACEHOLDER = re.compile(r"\[PAD\d+\]|<unused\d+>|\[unused\d+\]|<\|reserved_\w+\|>|<0x..>")


def check_origin(folder: Path, trained_on: str, base: Header) -> None:
    """Raise MismatchError where the folder names another base, or numbers tokens differently."""
    _check_name(folder, trained_on, base)
    _check_tokens(folder, base)


def marks(name: str) -> dict[str, frozenset[str]]:
    """What a model's name says of itself: versions, sizes (7b, 135m), instruct or chat."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2].lower()
    return {
        "version": frozenset(one or other for one, other in _VERSION.findall(last)),
        "size": frozenset(_SIZE.findall(last)),
        "kind": frozenset(_KINDS[word] for word in re.split(r"[-_. ]", last) if word in _KINDS),
    }


def _check_name(folder: Path, trained_on: str, base: Header) -> None:
    known = [base.path.name, *(text for key in _NAMES if (text := base.text(key)))]
    said = marks(trained_on)
    served = {what: frozenset().union(*(marks(one)[what] for one in known)) for what in said}
    both = [what for what in ("version", "size") if said[what] and served[what]]
    differ = [what for what in both if not said[what] & served[what]]
    if differ or (both and said["kind"] != served["kind"]):
        name = max(known, key=lambda one: sum(map(bool, marks(one).values())))
        msg = (
            f"layer {folder.name} says that it was trained on {trained_on[:200]}, but this base is "
            f"{name}; serve that base, or say that they are the same with "
            f"`lamina import_layer {folder} --same-base`"
        )
        raise MismatchError(msg)


def _check_tokens(folder: Path, base: Header) -> None:
    """Tokens that both have must have the same numbers; those added behind the base's are no harm.

    A folder that was trained with new tokens holds embeddings, which are refused elsewhere.
    """
    path = folder / _TOKENIZER
    known = base.metadata.get("tokenizer.ggml.tokens")
    if not path.is_file() or not isinstance(known, list) or path.stat().st_size > _MAX_BYTES:
        return
    try:
        vocabulary = json.loads(path.read_bytes())["model"]["vocab"]
        pairs = (
            [(piece, number) for number, (piece, _) in enumerate(vocabulary)]
            if isinstance(vocabulary, list)
            else list(vocabulary.items())
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # a tokenizer that cannot be read is not used either
    for piece, number in pairs:
        if not isinstance(number, int) or not 0 <= number < len(known):
            continue
        there = str(known[number])
        if piece != there and not (_PLACEHOLDER.match(there) or _PLACEHOLDER.match(str(piece))):
            msg = (
                f"layer {folder.name} was trained with another tokenizer: its token {number} is "
                f"{str(piece)[:40]!r}, this base's is {there[:40]!r}; serve the base that it was "
                "trained on"
            )
            raise MismatchError(msg)
