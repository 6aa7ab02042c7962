"""Texts and conversations to token ids, over any vocabulary."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

from lamina.errors import InvalidInputError
from lamina.prompts.literal import Literals
from lamina.prompts.messages import Message, assistant, continues, ends_blank
from lamina.prompts.template import chat_template
from lamina.prompts.tools import IN_WORDS, CallForm, call_form, in_words, native_messages
from lamina.prompts.words import Words


class Tokenize(Protocol):
    """A vocabulary's own work: text to ids."""

    def __call__(self, text: str, *, add_bos: bool, parse_special: bool) -> list[int]:
        """Ids; BOS before them where it is asked for and the vocabulary adds one to texts."""


class Prompts:
    """What a model reads, as ids: BOS exactly once, an answer with exactly one ending."""

    def __init__(self, tokenize: Tokenize, words: Words, source: str | None) -> None:
        """`source` is the chat template's text, None where the base has none."""
        self.words = words
        self.source = source
        self._tokenize = tokenize
        self._literals = Literals(words.specials)
        self._template = (
            None if source is None else chat_template(source, bos=words.bos, eos=words.eos)
        )

    def text(self, prompt: str) -> list[int]:
        """Ids of a prompt that somebody wrote whole; special tokens in it are understood."""
        return self._tokenize(prompt, add_bos=not self._begun(prompt), parse_special=True)

    def conversation(self, rendered: str) -> list[int]:
        """Ids of what `rendered` gave; special tokens are the template's own, not the messages'."""
        ids: list[int] = []
        add_bos = not self._begun(rendered)
        for part, parse_special in self._literals.parts(rendered):
            ids += self._tokenize(part, add_bos=add_bos, parse_special=parse_special)
            add_bos = False
        return ids

    def _begun(self, prompt: str) -> bool:
        """Whether BOS stands there already."""
        return self.words.adds_bos and prompt.startswith(self.words.bos)

    def plain(self, text: str) -> list[int]:
        """Ids of running text; what looks like a special token in it stays text."""
        return self._tokenize(text, add_bos=True, parse_special=False)

    def document(self, text: str) -> list[int]:
        """Ids of running text that is whole: after it, the model stops."""
        return [*self.plain(text), self.words.eos_id]

    def passage(self, given: str, text: str) -> tuple[list[int], int]:
        """Ids of a text after what is given before it, and how many of them are given, BOS too.

        A token across the border counts as the text's, as in `common`.
        """
        whole = self.plain(given + text)
        return whole, self.common(self.plain(given), whole)

    def chat(self, messages: Sequence[Message], *, answer_follows: bool = True) -> list[int]:
        """Ids of a conversation.

        Raises:
            InvalidInputError: the base has no chat template, or it refuses the messages.

        """
        return self.conversation(self.rendered(messages, answer_follows=answer_follows))

    def answered(self, messages: Sequence[Message], answer: str) -> tuple[list[int], int]:
        """Ids of a conversation with its answer, and the index of the first one that is learnt.

        They end at the first end that follows the answer: what a template writes behind it, such
        as ChatML's line break, no model is ever asked for. Where a template writes no end, EOS
        follows.

        Raises:
            InvalidInputError: as `chat` does.

        """
        rendered = self.rendered([*messages, assistant(answer)], answer_follows=False)
        spoken = self._literals.marked(answer).strip()
        cut = self._after_the_end(rendered, spoken or self.rendered(messages))
        ids = self.conversation(rendered[:cut])
        whole = ids if cut is not None else [*ids, self.words.eos_id]
        return whole, max(self.common(self.chat(messages), whole), 1)

    def rendered(
        self,
        messages: Sequence[Message],
        *,
        answer_follows: bool = True,
        tools: Sequence[Mapping[str, Any]] = (),
    ) -> str:
        """Text of a conversation, for `conversation` to turn into ids.

        An answer that follows an assistant's message goes on with it, as on llama-server. `tools`
        are functions that the model may call, in OpenAI's form.
        """
        if self._template is None:
            msg = "this base carries no chat template; start the server with --chat_format"
            raise InvalidInputError(msg)
        messages, tools = self._with_calls(messages, tools)
        messages = [self._literals.marked_within(one) for one in messages]
        tools = self._literals.marked_within(list(tools))
        if answer_follows and ends_blank(messages):
            messages = messages[:-1]
        if not messages:
            msg = "no message says anything that could be answered; give one of the user's"
            raise InvalidInputError(msg)
        begun = messages[-1]["content"].strip() if continues(messages) and answer_follows else ""
        text = self._template.render(
            messages, answer_follows=answer_follows and not begun, tools=tools
        )
        return text[: text.rindex(begun) + len(begun)] if begun and begun in text else text

    @cached_property
    def calls(self) -> CallForm:
        """How this base's conversations write calls of functions."""
        return call_form(self._template, self.words.ends) if self._template else IN_WORDS

    def _with_calls(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]
    ) -> tuple[Sequence[Message], Sequence[Mapping[str, Any]]]:
        """Messages and functions as this base's template takes them."""
        if not tools and all(one["role"] != "tool" and "tool_calls" not in one for one in messages):
            return messages, ()
        if self.calls.native:
            return native_messages(messages, self.calls), tools
        return in_words(messages, tools), ()

    @staticmethod
    def common(prompt: Sequence[int], whole: Sequence[int]) -> int:
        """How many ids of `whole` belong to the prompt.

        The border may fall inside a token; that token then counts as the answer's.
        """
        pairs = zip(prompt, whole, strict=False)
        return next((at for at, (one, two) in enumerate(pairs) if one != two), len(prompt))

    def _after_the_end(self, rendered: str, answer: str) -> int | None:
        """Where the first end behind the answer is over; None where the template writes none."""
        begin = rendered.rfind(answer) + len(answer) if answer in rendered else 0
        found = [
            (at, -len(end)) for end in self.words.ends if (at := rendered.find(end, begin)) >= 0
        ]
        return None if not found else min(found)[0] - min(found)[1]
