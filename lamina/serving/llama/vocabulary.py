"""Text to tokens and back."""

import ctypes
from collections.abc import Sequence
from typing import Any

import llama_cpp as lc

from lamina.errors import ResourceError
from lamina.prompts.words import Words
from lamina.serving.llama.grammars import checked_text


class Vocabulary:
    """Text to tokens and back. llama.cpp documents this part as thread-safe."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - a native handle
        self._vocab = lc.llama_model_get_vocab(model)
        self.size = int(lc.llama_vocab_n_tokens(self._vocab))
        self.bos = int(lc.llama_vocab_bos(self._vocab))
        self.eos = int(lc.llama_vocab_eos(self._vocab))
        self.adds_bos = bool(lc.llama_vocab_get_add_bos(self._vocab))
        spm = lc.LLAMA_VOCAB_TYPE_SPM
        self.marks_words_with_space = int(lc.llama_vocab_type(self._vocab)) == spm
        self.ends = frozenset(
            token for token in range(self.size) if lc.llama_vocab_is_eog(self._vocab, token)
        )
        special = lc.LLAMA_TOKEN_ATTR_CONTROL | lc.LLAMA_TOKEN_ATTR_UNKNOWN
        self.controls = frozenset(  # what no text spells unless `parse_special`
            token
            for token in range(self.size)
            if lc.llama_vocab_get_attr(self._vocab, token) & special
        )
        self.longest_bytes = max(
            len(lc.llama_vocab_get_text(self._vocab, token)) for token in range(self.size)
        )
        self._pieces: dict[tuple[int, bool], bytes] = {}

    @property
    def words(self) -> Words:
        """How the ends of a text are spelled."""
        return Words(
            bos=self.text_of(self.bos),
            eos=self.text_of(self.eos),
            eos_id=self.eos,
            adds_bos=self.adds_bos,
            ends=frozenset(map(self.text_of, self.ends)),
            specials=frozenset(map(self.text_of, self.controls)),
        )

    def text_of(self, token: int) -> str:
        """The vocabulary's own spelling of a token, such as `<s>`; empty for none."""
        if token < 0:
            return ""
        return bytes(lc.llama_vocab_get_text(self._vocab, token)).decode("utf-8", "replace")

    def tokenize(self, text: str, *, add_bos: bool, parse_special: bool) -> list[int]:
        """Token ids; `add_bos` adds BOS where the model asks for one.

        Raises:
            InvalidInputError: the text holds half a character.

        """
        raw = checked_text(text).encode()
        room = len(raw) + 8
        for _ in range(2):
            buffer = (lc.llama_token * room)()
            count = lc.llama_tokenize(
                self._vocab, raw, len(raw), buffer, room, add_bos, parse_special
            )
            if count >= 0:
                return list(buffer[:count])
            room = -count
        msg = f"llama.cpp cannot tokenize a text of {len(raw)} bytes"
        raise ResourceError(msg)

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """The bytes of one token; control tokens are empty unless `special`."""
        if (token, special) in self._pieces:
            return self._pieces[token, special]
        room = 64
        for _ in range(2):
            buffer = ctypes.create_string_buffer(room)
            count = lc.llama_token_to_piece(self._vocab, token, buffer, room, 0, special)
            if count >= 0:
                break
            room = -count
        piece = self._pieces[token, special] = buffer.raw[: max(count, 0)]
        return piece

    def detokenize(self, tokens: Sequence[int]) -> str:
        """The text of these tokens, special tokens written out."""
        raw = b"".join(self.piece(token, special=True) for token in tokens)
        return raw.decode("utf-8", "replace")
