"""What a request that generates makes the engine do."""

from collections.abc import Sequence as Several
from dataclasses import dataclass
from functools import partial

from lamina.prompts import continues
from lamina.serving.engine.sequence import Sequence
from lamina.serving.http.loaded import Loaded
from lamina.serving.http.replies import Reply
from lamina.serving.http.requests.completions import Asked, ChatRequest
from lamina.serving.http.service import Service
from lamina.serving.llama import checked_grammar, grammar_of_schema


@dataclass(frozen=True)
class Plan:
    """A request that was understood: what will run and how it is answered."""

    body: Asked
    reply: Reply
    sequences: list[Sequence]
    prompt_tokens: int
    echoes: tuple[str, ...]  # text that each choice begins with


def plan(service: Service, body: Asked) -> Plan:
    """Choose layers and tokens.

    Raises:
        LaminaError: the request cannot be answered.

    """
    loaded = service.ready()
    layers = service.routing.choose(body.model, body.parts())
    loaded.check_biases(body.logit_bias or {})
    grammar = _grammar(body)
    spoken = _spoken(loaded, body)
    prompts = loaded.tokens(spoken)
    sequences = [
        Sequence(
            layers,
            list(prompt),
            body.generation(choice=choice, grammar=grammar),
            reuse=body.cache_prompt,
            strip_first_space=_begins_anew(loaded, body),
        )
        for prompt in prompts
        for choice in range(body.n)
    ]
    kind = "chat.completion" if isinstance(body, ChatRequest) else "text_completion"
    spell = partial(loaded.vocabulary.piece, special=True)
    reply = Reply(kind, body.model or layers.label, layers, spell)
    echoes = tuple(_echo(loaded, body, prompt) for prompt in spoken for _ in range(body.n))
    return Plan(body, reply, sequences, sum(len(prompt) for prompt in prompts), echoes)


def _grammar(body: Asked) -> str | None:
    schema = body.schema_of_answer()
    grammar = grammar_of_schema(schema) if schema else body.grammar
    return grammar if grammar is None else checked_grammar(grammar)


def _spoken(loaded: Loaded, body: Asked) -> Several[str | list[int]]:
    """The prompts: texts, or token ids where the caller gave them."""
    if isinstance(body, ChatRequest):
        return [loaded.prompts.rendered(body.plain_messages())]
    return body.prompts()


def _begins_anew(loaded: Loaded, body: Asked) -> bool:
    """Whether a space that the vocabulary puts before the first word is nobody's."""
    anew = isinstance(body, ChatRequest) and not continues(body.plain_messages())
    return anew and loaded.vocabulary.marks_words_with_space


def _echo(loaded: Loaded, body: Asked, prompt: str | list[int]) -> str:
    if isinstance(body, ChatRequest) or not body.echo:
        return ""
    return prompt if isinstance(prompt, str) else loaded.vocabulary.detokenize(prompt)
