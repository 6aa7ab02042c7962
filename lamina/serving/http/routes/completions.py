"""The calls that generate: chats and completions, whole or as a stream of events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from lamina.errors import LaminaError
from lamina.prompts import continues
from lamina.serving.engine.sequence import Delta, Outcome, Sequence
from lamina.serving.http.answers import CLIENT_LEFT, Answer, while_client_stays
from lamina.serving.http.replies import LAYERS_HEADER, Choice, Json, Reply, error_of, layers_header
from lamina.serving.http.requests.shapes import ChatRequest, CompletionRequest
from lamina.serving.http.service import Service
from lamina.serving.llama import grammar_of_schema
from lamina.serving.llama.grammars import checked_grammar


@dataclass(frozen=True)
class Plan:
    """A request that was understood: what will run and how it is answered."""

    reply: Reply
    sequences: list[Sequence]
    prompt_tokens: int
    stream: bool
    usage: bool
    logprobs: bool
    echoes: tuple[str, ...]  # text that each choice begins with


def router(service: Service) -> APIRouter:
    """The routes."""
    routes = APIRouter()

    @routes.post("/v1/chat/completions")
    async def chat(body: ChatRequest, request: Request) -> Response:
        return await _answer(await asyncio.to_thread(plan_chat, service, body), service, request)

    @routes.post("/v1/completions")
    async def completions(body: CompletionRequest, request: Request) -> Response:
        plan = await asyncio.to_thread(plan_completion, service, body)
        return await _answer(plan, service, request)

    return routes


def plan_chat(service: Service, body: ChatRequest) -> Plan:
    """Choose layers and tokens for a conversation.

    Raises:
        LaminaError: the request cannot be answered.

    """
    loaded = service.ready()
    layers = service.choose(body.model, body.lora)
    schema = body.response_format.schema_of_answer() if body.response_format else None
    service.check_biases(body.logit_bias or {})
    grammar = grammar_of_schema(schema) if schema else body.grammar
    if grammar is not None:
        checked_grammar(grammar)
    messages = [message.plain() for message in body.messages]
    text = loaded.prompts.rendered(messages)
    service.check_text(text)
    prompt = loaded.prompts.text(text)
    service.check_length(prompt)
    sequences = [
        Sequence(
            layers,
            list(prompt),
            body.generation(
                choice=choice,
                max_tokens=body.max_completion_tokens or body.max_tokens,
                top_logprobs=body.top_logprobs if body.logprobs else None,
                grammar=grammar,
            ),
            reuse=body.cache_prompt,
            strip_first_space=loaded.vocabulary.marks_words_with_space and not continues(messages),
        )
        for choice in range(body.n)
    ]
    spell = partial(loaded.vocabulary.piece, special=True)
    reply = Reply("chat.completion", body.model or layers.label, layers, spell)
    echoes = ("",) * len(sequences)
    return Plan(
        reply, sequences, len(prompt), body.stream, body.includes_usage, body.logprobs, echoes
    )


def plan_completion(service: Service, body: CompletionRequest) -> Plan:
    """Choose layers and tokens for plain text.

    Raises:
        LaminaError: the request cannot be answered.

    """
    loaded = service.ready()
    layers = service.choose(body.model, body.lora)
    service.check_biases(body.logit_bias or {})
    if body.grammar is not None:
        checked_grammar(body.grammar)
    for prompt in body.prompts():
        if isinstance(prompt, str):
            service.check_text(prompt)
    prompts = [
        loaded.prompts.text(prompt) if isinstance(prompt, str) else list(prompt)
        for prompt in body.prompts()
    ]
    for prompt in prompts:
        service.check_length(prompt)
    echoes = [_echo(service, prompt) if body.echo else "" for prompt in body.prompts()]
    sequences = [
        Sequence(
            layers,
            list(prompt),
            body.generation(
                choice=choice,
                max_tokens=body.max_tokens,
                top_logprobs=body.logprobs,
                grammar=body.grammar,
            ),
            reuse=body.cache_prompt,
        )
        for prompt in prompts
        for choice in range(body.n)
    ]
    spell = partial(loaded.vocabulary.piece, special=True)
    reply = Reply("text_completion", body.model or layers.label, layers, spell)
    return Plan(
        reply,
        sequences,
        sum(len(prompt) for prompt in prompts),
        body.stream,
        body.includes_usage,
        body.logprobs is not None,
        tuple(echo for echo in echoes for _ in range(body.n)),
    )


def _echo(service: Service, prompt: str | list[int]) -> str:
    if isinstance(prompt, str):
        return prompt
    return service.ready().vocabulary.detokenize(prompt)


# -- answering ------------------------------------------------------------------------------------


async def _answer(plan: Plan, service: Service, request: Request) -> Response:
    headers = {LAYERS_HEADER: layers_header(plan.reply.layers)}
    answers = service.submit(plan.sequences)
    if plan.stream:
        stream = _stream(plan, answers)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)
    with ExitStack() as stack:
        for answer in answers:
            stack.enter_context(answer)
        choices = await while_client_stays(request, _collect(plan, answers))
    if choices is None:
        return Response(status_code=CLIENT_LEFT)
    body = plan.reply.whole(choices, plan.prompt_tokens, logprobs=plan.logprobs)
    return JSONResponse(body, headers=headers)


async def _collect(plan: Plan, answers: list[Answer]) -> list[Choice]:
    choices = [Choice(index, text) for index, text in enumerate(plan.echoes)]
    for choice, answer in zip(choices, answers, strict=True):
        async for event in answer.events():
            if isinstance(event, Outcome):
                choice.outcome = event
            else:
                choice.text += event.text
                choice.logprobs.extend(event.logprobs)
    return choices


async def _stream(plan: Plan, answers: list[Answer]) -> AsyncIterator[bytes]:
    """Server-sent events. Leaving early (a closed connection) cancels what still runs."""
    outcomes: list[Outcome] = []
    reply = plan.reply
    with ExitStack() as stack:
        for answer in answers:
            stack.enter_context(answer)
        try:
            for index, echo in enumerate(plan.echoes):
                if reply.chat or echo:
                    yield _event(reply.chunk(index, echo, first=True))
            async for index, event in _merged(answers):
                if isinstance(event, Outcome):
                    outcomes.append(event)
                    yield _event(reply.chunk(index, None, outcome=event))
                elif event.text or event.logprobs:
                    kept = list(event.logprobs)
                    yield _event(reply.chunk(index, event.text, logprobs=kept))
            if plan.usage:
                yield _event(reply.usage_chunk(plan.prompt_tokens, outcomes))
        except LaminaError as error:
            yield _event(error_of(error))
    yield b"data: [DONE]\n\n"


def _event(body: Json) -> bytes:
    return (
        b"data: " + json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
    )


async def _merged(answers: list[Answer]) -> AsyncIterator[tuple[int, Delta | Outcome]]:
    """Events of all answers as they come, with the answer's index."""
    if len(answers) == 1:  # the usual case, without a task an event
        async for event in answers[0].events():
            yield 0, event
        return
    streams = [answer.events().__aiter__() for answer in answers]
    waiting = {asyncio.ensure_future(anext(one)): index for index, one in enumerate(streams)}
    try:
        while waiting:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                index = waiting.pop(task)
                try:
                    yield index, task.result()
                except StopAsyncIteration:
                    continue
                waiting[asyncio.ensure_future(anext(streams[index]))] = index
    finally:
        for task in waiting:
            task.cancel()
