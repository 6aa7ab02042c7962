"""The base once it is loaded: the tokens of prompts, and whether they fit its context."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lamina.errors import InvalidInputError
from lamina.prompts import FORMATS, Message, Prompts
from lamina.serving.llama import Base, Constraints, Vocabulary


class TooLongError(InvalidInputError):
    """The prompt, or the body, is larger than this server takes."""

    status = 413


@dataclass(frozen=True)
class Loaded:
    """What is known once the base is in memory."""

    vocabulary: Vocabulary
    prompts: Prompts
    n_ctx: int
    constraints: Constraints
    branching_room: int  # tokens of a prompt with all its branches; 0: this base cannot branch

    def can_branch(self, n_tokens: int) -> bool:
        """Whether a prompt and its branches can be evaluated in one step."""
        return n_tokens <= self.branching_room

    def tokens(self, prompts: Sequence[str | list[int]]) -> list[list[int]]:
        """Tokens of prompts, each of which leaves room for an answer.

        Raises:
            InvalidInputError: one is empty, or holds an id that is no token.
            TooLongError: one does not fit.

        """
        for prompt in prompts:
            if isinstance(prompt, str):
                self.check_text(prompt)
        found = [
            self.prompts.text(prompt) if isinstance(prompt, str) else list(prompt)
            for prompt in prompts
        ]
        for tokens in found:
            self.check_length(tokens)
        return found

    def conversation(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()
    ) -> list[int]:
        """Tokens of a conversation that leaves room for an answer, which may call these tools.

        Raises:
            InvalidInputError: the template refuses it.
            TooLongError: it does not fit.

        """
        rendered = self.prompts.rendered(messages, tools=tools)
        self.check_text(rendered)
        tokens = self.prompts.conversation(rendered)
        self.check_length(tokens)
        return tokens

    def check_text(self, text: str) -> None:
        """Whether a text could fit the context, before the work of making tokens of it.

        Raises:
            TooLongError: it has more bytes than that many of the longest tokens.

        """
        if len(text) > self.n_ctx * self.vocabulary.longest_bytes:
            msg = (
                f"the prompt has {len(text)} characters, more than a context of {self.n_ctx} "
                "tokens can hold; shorten it, or start the server with a larger --n_ctx"
            )
            raise TooLongError(msg)

    def check_length(self, tokens: list[int], *, room: int = 1) -> None:
        """Whether these tokens fit the context, with `room` for the answer.

        Raises:
            InvalidInputError: there is nothing, or an id that is no token.
            TooLongError: they do not fit.

        """
        if not tokens:
            msg = "the prompt is empty; give it at least one token"
            raise InvalidInputError(msg)
        if not all(0 <= token < self.vocabulary.size for token in tokens):
            msg = f"a token id lies outside 0 to {self.vocabulary.size - 1}; check the prompt"
            raise InvalidInputError(msg)
        if len(tokens) + room > self.n_ctx:
            msg = (
                f"the prompt has {len(tokens)} tokens and the context {self.n_ctx}; "
                "shorten it, or start the server with a larger --n_ctx"
            )
            raise TooLongError(msg)

    def check_biases(self, biases: Mapping[int, float]) -> None:
        """Whether every biased token exists: llama.cpp looks them up without asking.

        Raises:
            InvalidInputError: one does not.

        """
        size = self.vocabulary.size
        for token, bias in biases.items():
            if not 0 <= token < size or not math.isfinite(bias):
                msg = f"logit_bias {token}: {bias} cannot be; tokens run from 0 to {size - 1}"
                raise InvalidInputError(msg)


def loaded_base(base: Base, chat_format: str | None) -> Loaded:
    """Prompts by the base's own chat template unless a format is named."""
    source = FORMATS[chat_format] if chat_format else base.chat_template()
    prompts = Prompts(base.vocabulary.tokenize, base.vocabulary.words, source)
    room = base.options.n_batch if base.can_branch else 0
    return Loaded(base.vocabulary, prompts, base.n_ctx, Constraints(base.vocabulary), room)
