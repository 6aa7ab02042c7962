"""An answer's way to the client: whole, or as a stream of events while it is made."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack, closing

from fastapi import Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from lamina.errors import LaminaError
from lamina.serving.engine.sequence import Delta, Outcome
from lamina.serving.http.answers import CLIENT_LEFT, Answer, while_client_stays
from lamina.serving.http.errors import error_of
from lamina.serving.http.plan import Plan
from lamina.serving.http.replies import Choice, Json, layers_header
from lamina.serving.http.service import Service


async def deliver(plan: Plan, service: Service, request: Request) -> Response:
    """Have a plan carried out and answer the request; a client that leaves ends it."""
    headers = layers_header(plan.reply.layers)
    answers = service.submit(plan.sequences)
    if plan.body.stream:
        stream = _stream(plan, answers)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)
    with ExitStack() as stack:
        for answer in answers:
            stack.enter_context(closing(answer))
        choices = await while_client_stays(request, _collect(plan, answers))
    if choices is None:
        return Response(status_code=CLIENT_LEFT)
    told = plan.body.alternatives is not None
    body = plan.reply.whole(choices, plan.prompt_tokens, logprobs=told)
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
            stack.enter_context(closing(answer))
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
            if plan.body.includes_usage:
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
