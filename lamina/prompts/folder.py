"""The vocabulary of a Hugging Face folder, used as llama.cpp uses it once it is converted.

The ids come from the folder's own `tokenizer.json` and are put together here, so that BOS stands
exactly once whatever a tokenizer class does when called (transformers 5's LlamaTokenizer adds
none).
"""

import json
from pathlib import Path
from typing import Any

from lamina.errors import DamagedError
from lamina.prompts.prompts import Prompts
from lamina.prompts.words import Words, spelled_ends


def folder_prompts(base: Path) -> Prompts:
    """What the base in this folder reads.

    Raises:
        DamagedError: a file is missing or cannot be read, or no token ends a text.

    """
    from tokenizers import Tokenizer

    config = _json(base / "tokenizer_config.json")
    described = _json(base / "tokenizer.json")
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    bos, eos = (_spelling(config.get(name)) for name in ("bos_token", "eos_token"))
    eos_id = None if eos is None else tokenizer.token_to_id(eos)
    if eos is None or eos_id is None:
        msg = f"the tokenizer in {base} names no end-of-text token; copy the model again"
        raise DamagedError(msg)
    bos_id = None if bos is None else tokenizer.token_to_id(bos)
    words = Words(
        bos=bos or "",
        eos=eos,
        eos_id=eos_id,
        adds_bos=bos_id is not None and begins_with_bos(base, described, config),
        ends=spelled_ends(tokenizer.get_vocab(with_added_tokens=True), eos),
        specials=frozenset(
            token.content
            for token in tokenizer.get_added_tokens_decoder().values()
            if token.special
        ),
    )

    def tokenize(text: str, *, add_bos: bool, parse_special: bool) -> list[int]:
        tokenizer.encode_special_tokens = not parse_special
        ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
        return [bos_id, *ids] if add_bos and words.adds_bos and bos_id is not None else ids

    return Prompts(tokenize, words, template_source(base, config))


def begins_with_bos(base: Path, tokenizer: dict[str, Any], config: dict[str, Any]) -> bool:
    """Whether llama.cpp will put BOS before a text, once the folder is converted.

    Its converter asks tokenizer.json's post-processor first, then tokenizer_config.json
    (gguf-py/gguf/vocab.py, `SpecialVocab`); where neither says, llama.cpp adds one for
    SentencePiece models and none for byte-level ones.
    """
    said = _post_processor_says(tokenizer.get("post_processor"), config)
    if said is None:
        said = config.get("add_bos_token")
    return said if isinstance(said, bool) else (base / "tokenizer.model").is_file()


def template_source(base: Path, config: dict[str, Any]) -> str | None:
    """The folder's chat template, as the converter finds it: the one called default of several."""
    file = base / "chat_template.jinja"
    said = config.get("chat_template")
    if said is None and file.is_file():
        return file.read_text(encoding="utf-8")
    if isinstance(said, list):
        said = next((entry["template"] for entry in said if entry.get("name") == "default"), None)
    return said


def _post_processor_says(post: dict[str, Any] | None, config: dict[str, Any]) -> bool | None:
    said: bool | None = None
    for step in (post or {}).get("processors", [post] if post else []):
        match step.get("type"):
            case "ByteLevel":
                said = False if said is None else said
            case "RobertaProcessing":
                said = True
            case "TemplateProcessing" if len(single := step.get("single", [])) > 1:
                if first := single[0].get("SpecialToken", {}).get("id"):
                    own = {_spelling(config.get(name)) for name in ("bos_token", "cls_token")}
                    said = first in own or own == {None}
    return said


def _spelling(said: object) -> str | None:
    if isinstance(said, dict):
        said = said.get("content")
    return said if isinstance(said, str) else None


def _json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError) as broken:
        msg = f"{path} is missing or cannot be read; copy the model again"
        raise DamagedError(msg) from broken
    return content
