"""A base's chat template: messages to text.

Templates come from a model's files, so they run in Jinja's sandbox, with what transformers gives
them (loop controls, `raise_exception`, `strftime_now`, `tojson` without HTML escapes,
`{% generation %}`), since that is what their authors tried them with.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from lamina.errors import InvalidInputError
from lamina.prompts.messages import Message, without_system

_REFUSALS = (TemplateError, SecurityError, TypeError, ValueError, KeyError)


class ChatTemplate:
    """Renders conversations. Thread-safe once built."""

    def __init__(self, source: str, *, bos: str, eos: str) -> None:
        self._specials = {"bos_token": bos, "eos_token": eos}
        try:
            self._template = _environment().from_string(source)
        except TemplateError as error:
            msg = f"the chat template cannot be read ({error}); choose one with --chat_format"
            raise InvalidInputError(msg) from error

    def render(
        self,
        messages: Sequence[Message],
        *,
        answer_follows: bool = True,
        tools: Sequence[Mapping[str, Any]] = (),
    ) -> str:
        """The prompt's text.

        A system message is put before the first user message where the template refuses it.
        `tools` are for templates that know what they are.

        Raises:
            InvalidInputError: the template refuses these messages.

        """
        try:
            return self._render(messages, tools, answer_follows=answer_follows)
        except InvalidInputError:
            folded = without_system(messages)
            if folded is None:
                raise
            return self._render(folded, tools, answer_follows=answer_follows)

    def _render(
        self,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, Any]],
        *,
        answer_follows: bool,
    ) -> str:
        try:
            return self._template.render(
                messages=[dict(message) for message in messages],
                add_generation_prompt=answer_follows,
                tools=list(tools) or None,
                **self._specials,
            )
        except _REFUSALS as error:
            msg = f"the chat template refuses these messages ({error}); reorder the roles"
            raise InvalidInputError(msg) from error


@lru_cache(maxsize=16)  # compiling takes 16 ms for Qwen2.5's, and rows ask for it by the thousand
def chat_template(source: str, *, bos: str, eos: str) -> ChatTemplate:
    """The compiled template, one a process."""
    return ChatTemplate(source, bos=bos, eos=eos)


class _Generation(Extension):
    """`{% generation %}` marks what the model says; for the text it changes nothing."""

    tags = {"generation"}  # noqa: RUF012 - Jinja's own form

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation]
    )
    environment.filters["tojson"] = _json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = _now
    return environment


def _json(value: object, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _refuse(message: str) -> None:
    raise TemplateError(message)


def _now(pattern: str) -> str:
    return datetime.now().astimezone().strftime(pattern)
