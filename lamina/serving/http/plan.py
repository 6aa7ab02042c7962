"""What a request that generates makes the engine do."""

from collections.abc import Sequence as Several
from dataclasses import dataclass
from functools import partial

from lamina.prompts import CallForm, continues
from lamina.serving.engine.sequence import Sequence
from lamina.serving.http.loaded import Loaded
from lamina.serving.http.replies import Reply
from lamina.serving.http.requests.completions import Asked, ChatRequest
from lamina.serving.http.service import Service
from lamina.serving.layers.blends import AUTO, LayerSet
from lamina.serving.layers.finding import Route
from lamina.serving.llama import Constraint


@dataclass(frozen=True)
class Plan:
    """A request that was understood: what will run and how it is answered."""

    body: Asked
    reply: Reply
    sequences: list[Sequence]
    prompt_tokens: int
    echoes: tuple[str, ...]  # text that each choice begins with
    calls: CallForm | None  # how answers that may call functions write it


def plan(service: Service, body: Asked) -> Plan:
    """Choose layers and tokens.

    Raises:
        LaminaError: the request cannot be answered.

    """
    loaded = service.ready()
    found = _found(service, loaded, body)
    route, layers = found or (None, service.routing.choose(body.model, body.parts()))
    loaded.check_biases(body.logit_bias or {})
    constraint = _constraint(loaded, body)
    calls = loaded.prompts.calls if isinstance(body, ChatRequest) and body.callable_tools else None
    spelled = loaded.constraints.spelled(calls) if calls else frozenset()
    prompts = _prompts(loaded, body)
    sequences = [
        Sequence(
            layers,
            list(prompt),
            body.generation(choice=choice, constraint=constraint, spelled=spelled),
            reuse=body.cache_prompt,
            strip_first_space=_begins_anew(loaded, body),
        )
        for prompt in prompts
        for choice in range(body.n)
    ]
    kind = "chat.completion" if isinstance(body, ChatRequest) else "text_completion"
    spell = partial(loaded.vocabulary.piece, special=True)
    reply = Reply(kind, body.model or layers.label, layers, spell, route)
    echoes = tuple(echo for echo in _echoes(loaded, body, prompts) for _ in range(body.n))
    return Plan(body, reply, sequences, sum(len(prompt) for prompt in prompts), echoes, calls)


def _constraint(loaded: Loaded, body: Asked) -> Constraint | None:
    if (schema := body.schema_of_answer()) is not None:
        return loaded.constraints.of_schema(schema)
    if isinstance(body, ChatRequest) and body.callable_tools:
        schemas = {one.function.name: one.schema_of_arguments() for one in body.callable_tools}
        return loaded.constraints.of_calls(
            loaded.prompts.calls,
            schemas,
            must_call=body.must_call,
            several=body.parallel_tool_calls,
        )
    return None if body.grammar is None else loaded.constraints.of_grammar(body.grammar)


def _prompts(loaded: Loaded, body: Asked) -> list[list[int]]:
    if isinstance(body, ChatRequest):
        tools = [tool.told() for tool in body.callable_tools]
        return [loaded.conversation(body.plain_messages(), tools)]
    return loaded.tokens(body.prompts())


def _found(service: Service, loaded: Loaded, body: Asked) -> tuple[Route, LayerSet] | None:
    """Who answers a request for `auto`, by what a person said; of a completion, by its prompts."""
    if body.model != AUTO or body.lora is not None:
        return None
    if isinstance(body, ChatRequest):
        said = [message.content for message in body.messages if message.role == "user"]
        return service.routing.found(said)
    for prompt in body.prompts():
        if not isinstance(prompt, str):
            loaded.check_length(prompt)  # tokens that exist
    return service.routing.found(["\n".join(_text(loaded, one) for one in body.prompts())])


def _text(loaded: Loaded, prompt: str | list[int]) -> str:
    return prompt if isinstance(prompt, str) else loaded.vocabulary.detokenize(prompt)


def _begins_anew(loaded: Loaded, body: Asked) -> bool:
    """Whether a space that the vocabulary puts before the first word is nobody's."""
    anew = isinstance(body, ChatRequest) and not continues(body.plain_messages())
    return anew and loaded.vocabulary.marks_words_with_space


def _echoes(loaded: Loaded, body: Asked, prompts: Several[list[int]]) -> Several[str]:
    """What each answer begins with: its prompt, where that was asked for."""
    if isinstance(body, ChatRequest) or not body.echo:
        return [""] * len(prompts)
    return [_text(loaded, one) for one in body.prompts()]
