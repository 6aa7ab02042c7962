"""Messages to prompt text, with the template that the base carries.

Templates come from a model file, so they run in Jinja's sandbox. Token ids must equal those of
training for the same messages: the template writes BOS where the model wants it, and a prompt that
begins with BOS is not given a second one.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from lamina.errors import InvalidInputError

# Formats that --chat_format can name, for a base whose file carries no template.
FORMATS = {
    "mistral-instruct": (
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}"
        "[INST] {{ m.content }} [/INST]{% elif m.role == 'assistant' %}"
        "{{ ' ' + m.content + eos_token }}"
        "{% else %}{{ raise_exception('only user and assistant roles are supported') }}"
        "{% endif %}{% endfor %}"
    ),
    "llama-2": (
        "{% set system = messages[0].content if messages[0].role == 'system' else none %}"
        "{% for m in (messages if system is none else messages[1:]) %}{% if m.role == 'user' %}"
        "{{ bos_token + '[INST] ' }}{% if loop.first and system is not none %}"
        "{{ '<<SYS>>\n' + system + '\n<</SYS>>\n\n' }}{% endif %}{{ m.content + ' [/INST]' }}"
        "{% elif m.role == 'assistant' %}{{ ' ' + m.content + ' ' + eos_token }}"
        "{% else %}{{ raise_exception('a system message can only be the first one') }}"
        "{% endif %}{% endfor %}"
    ),
    "chatml": (
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
}
Message = dict[str, str]


class ChatTemplate:
    """Renders conversations. Thread-safe once built."""

    def __init__(self, source: str, *, bos: str, eos: str) -> None:
        from jinja2 import TemplateError
        from jinja2.exceptions import SecurityError
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.globals["raise_exception"] = _refuse
        environment.globals["strftime_now"] = _now
        self._errors = (TemplateError, SecurityError, TypeError, ValueError, KeyError)
        self._specials = {"bos_token": bos, "eos_token": eos}
        try:
            self._template = environment.from_string(source)
        except TemplateError as error:
            msg = f"the chat template cannot be read ({error}); choose one with --chat_format"
            raise InvalidInputError(msg) from error

    def render(self, messages: Sequence[Message], *, answer_follows: bool = True) -> str:
        """The prompt's text.

        A system message is put before the first user message where the template refuses it.

        Raises:
            InvalidInputError: the template refuses these messages.

        """
        try:
            return self._render(messages, answer_follows=answer_follows)
        except InvalidInputError:
            folded = _fold_system(messages)
            if folded is None:
                raise
            return self._render(folded, answer_follows=answer_follows)

    def _render(self, messages: Sequence[Message], *, answer_follows: bool) -> str:
        try:
            return self._template.render(
                messages=[dict(message) for message in messages],
                add_generation_prompt=answer_follows,
                **self._specials,
            )
        except self._errors as error:
            msg = f"the chat template refuses these messages ({error}); reorder the roles"
            raise InvalidInputError(msg) from error


def _fold_system(messages: Sequence[Message]) -> list[Message] | None:
    """The same conversation without system messages; None where there is nothing to fold."""
    system = [message["content"] for message in messages if message["role"] == "system"]
    rest = [dict(message) for message in messages if message["role"] != "system"]
    if not system:
        return None
    first = next((message for message in rest if message["role"] == "user"), None)
    if first is None:
        return [{"role": "user", "content": "\n\n".join(system)}, *rest]
    first["content"] = "\n\n".join([*system, first["content"]])
    return rest


def _refuse(message: str) -> None:
    from jinja2 import TemplateError

    raise TemplateError(message)


def _now(pattern: str) -> str:
    return datetime.now().astimezone().strftime(pattern)


def continues(messages: Sequence[Message]) -> bool:
    """Whether the answer goes on with what the last message, an assistant's, began."""
    return messages[-1]["role"] == "assistant" and not _ends_blank(messages)


def _ends_blank(messages: Sequence[Message]) -> bool:
    """Whether the last message is an assistant's that says nothing."""
    return messages[-1]["role"] == "assistant" and not messages[-1]["content"].strip()


class PromptMaker:
    """Texts and messages to token ids, as training saw them."""

    def __init__(
        self,
        tokenize: Callable[..., list[int]],
        template: ChatTemplate | None,
        *,
        bos: str,
    ) -> None:
        self._tokenize = tokenize
        self._template = template
        self._bos = bos

    def text(self, prompt: str) -> list[int]:
        """Tokens of a prompt, BOS exactly once; special tokens in it are understood."""
        return self._ids(prompt)

    def plain(self, text: str) -> list[int]:
        """Tokens of running text after BOS; what looks like a special token stays text."""
        return self._tokenize(text, add_bos=True, parse_special=False)

    def chat(self, messages: Sequence[Message], *, answer_follows: bool = True) -> list[int]:
        """Tokens of a conversation.

        Raises:
            InvalidInputError: the base has no chat template, or it refuses the messages.

        """
        return self._ids(self.rendered(messages, answer_follows=answer_follows))

    def rendered(self, messages: Sequence[Message], *, answer_follows: bool = True) -> str:
        """Text of a conversation: what `chat` turns into tokens.

        An answer that follows an assistant's message goes on with it, as on llama-server.
        """
        if self._template is None:
            msg = "this base carries no chat template; start the server with --chat_format"
            raise InvalidInputError(msg)
        if answer_follows and _ends_blank(messages):
            messages = messages[:-1]
        begun = messages[-1]["content"].strip() if continues(messages) and answer_follows else ""
        text = self._template.render(messages, answer_follows=answer_follows and not begun)
        return text[: text.rindex(begun) + len(begun)] if begun and begun in text else text

    def continued(self, prompt: list[int], whole: list[int]) -> int:
        """How many tokens of `whole` belong to the prompt: where scoring begins.

        The border may fall inside a token; that token then counts as the answer's.
        """
        pairs = zip(prompt, whole, strict=False)
        return next((at for at, (one, two) in enumerate(pairs) if one != two), len(prompt))

    def _ids(self, text: str) -> list[int]:
        has_bos = bool(self._bos) and text.startswith(self._bos)
        return self._tokenize(text, add_bos=not has_bos, parse_special=True)
