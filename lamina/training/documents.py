"""Rows to token ids, as llama.cpp will see the same text and the same messages.

The ids come from the base's own `tokenizer.json` and are put together here, so that BOS stands
exactly once whatever a tokenizer class does when called (transformers 5's LlamaTokenizer adds
none). It does not decide what is trained on; that is the dataset's matter.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamina.errors import DamagedError, MismatchError
from lamina.text.rows import Row


@dataclass(frozen=True, slots=True)
class Document:
    """One isolated piece of a pack."""

    ids: tuple[int, ...]
    first_label: int  # index in `ids` of the first token that is learnt; never 0
    is_qa: bool = False

    @property
    def n_labels(self) -> int:
        """Tokens that are predicted and counted in the loss."""
        return len(self.ids) - self.first_label


class Encoder:
    """The base's tokenizer and chat template."""

    def __init__(self, base: Path) -> None:
        from tokenizers import Tokenizer

        config = _json(base / "tokenizer_config.json")
        self._tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        self._special = {name: _token(config.get(name)) for name in ("bos_token", "eos_token")}
        self._template = _template(base, config)
        self.bos = self._id("bos_token") if self._begins_with_bos(config, base) else None
        eos = self._id("eos_token")
        if eos is None:
            msg = f"the tokenizer in {base} names no end-of-text token; copy the model again"
            raise DamagedError(msg)
        self.eos = eos

    @property
    def template(self) -> str | None:
        """The base's chat template."""
        return self._template

    def text(self, text: str) -> tuple[int, ...]:
        """BOS, text, EOS. What looks like a special token in the text stays plain text."""
        self._tokenizer.encode_special_tokens = True
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        return (*self._head(), *ids, self.eos)

    def chat(self, question: str, answer: str | None = None) -> tuple[int, ...]:
        """The chat template's rendering; without an answer, up to where the model begins.

        Raises:
            MismatchError: the base has no chat template.

        """
        if self._template is None:
            msg = "the base has no chat template, so question rows cannot be trained on it"
            raise MismatchError(msg)
        messages = [{"role": "user", "content": question}]
        if answer is not None:
            messages.append({"role": "assistant", "content": answer})
        rendered = _render(
            self._template, messages, self._special, add_generation_prompt=answer is None
        )
        self._tokenizer.encode_special_tokens = False
        ids = tuple(self._tokenizer.encode(rendered, add_special_tokens=False).ids)
        ids = ids if ids[:1] == self._head() else (*self._head(), *ids)
        ended = answer is None or ids[-1] == self.eos
        return ids if ended else (*ids, self.eos)

    def _head(self) -> tuple[int, ...]:
        return () if self.bos is None else (self.bos,)

    def _id(self, name: str) -> int | None:
        token = self._special[name]
        return None if token is None else self._tokenizer.token_to_id(token)

    def _begins_with_bos(self, config: dict[str, Any], base: Path) -> bool:
        """As llama.cpp decides it: what the config says, else yes for SentencePiece models."""
        said = config.get("add_bos_token")
        return bool(said) if said is not None else (base / "tokenizer.model").is_file()


def encode_rows(rows: Iterable[Row], encoder: Encoder, limit: int) -> list[Document]:
    """Documents of at most `limit` tokens.

    A longer text becomes several windows, each after BOS; a longer question row is cut at its
    end, and left out where nothing of its answer would remain.
    """
    documents: list[Document] = []
    for row in rows:
        if row.kind == "qa":
            prompt = encoder.chat(row.question or "")
            whole = encoder.chat(row.question or "", row.text)
            first = max(1, _common(prompt, whole))
            if first < min(len(whole), limit):
                documents.append(Document(whole[:limit], first, is_qa=True))
        else:
            documents += _windows(encoder.text(row.text), limit, encoder.bos)
    return documents


def _windows(ids: tuple[int, ...], limit: int, bos: int | None) -> list[Document]:
    head = () if bos is None else (bos,)
    body = ids[len(head) :]
    size = limit - len(head)
    pieces = [(*head, *body[start : start + size]) for start in range(0, len(body), size)]
    return [Document(piece, 1) for piece in pieces if len(piece) > 1]


def _common(prompt: tuple[int, ...], whole: tuple[int, ...]) -> int:
    pairs = zip(prompt, whole, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), len(prompt))


def _template(base: Path, config: dict[str, Any]) -> str | None:
    file = base / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    said = config.get("chat_template")
    if isinstance(said, list):  # several by name
        said = next((entry["template"] for entry in said if entry.get("name") == "default"), None)
    return said


def _render(
    template: str,
    messages: list[dict[str, str]],
    special: dict[str, str | None],
    *,
    add_generation_prompt: bool,
) -> str:
    """As transformers renders it: sandboxed, blocks trimmed."""
    from jinja2.exceptions import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = refuse
    try:
        return environment.from_string(template).render(
            messages=messages,
            add_generation_prompt=add_generation_prompt,
            **{name: token or "" for name, token in special.items()},
        )
    except TemplateError as broken:
        msg = f"the base's chat template cannot render a question ({broken}); copy the model again"
        raise DamagedError(msg) from broken


def _token(said: object) -> str | None:
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


def labels(documents: Iterable[Document]) -> tuple[list[int], list[int]]:
    """Of a pack: the places that predict, and the tokens that they must predict."""
    sources: list[int] = []
    targets: list[int] = []
    start = 0
    for document in documents:
        sources += range(start + document.first_label - 1, start + len(document.ids) - 1)
        targets += document.ids[document.first_label :]
        start += len(document.ids)
    return sources, targets
