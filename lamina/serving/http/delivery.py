"""An answer's way to the client: whole, or as a stream of events while it is made."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, closing

from fastapi import Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from lamina.errors import LaminaError
from lamina.serving.engine.sequence import Delta, Outcome
from lamina.serving.http.answers import CLIENT_LEFT, Answer, while_client_stays
from lamina.serving.http.calls import CallReader, message_of
from lamina.serving.http.errors import error_of
from lamina.serving.http.plan import Plan
from lamina.serving.http.replies import Choice, Json, Reply, layers_header
from lamina.serving.http.service import Service

_spelled = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


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
        if plan.calls:
            reader = CallReader(plan.calls)
            choice.message = message_of([*reader.add(choice.text), *reader.finish()])
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
                    role: Json = {"role": "assistant"} if reply.chat else {}
                    yield _event(reply.chunk(index, {**role, "content": echo}))
            readers = [CallReader(plan.calls) if plan.calls else None for _ in answers]
            async for index, event in _merged(answers):
                for chunk in _chunks(reply, index, event, readers[index]):
                    yield _event(chunk)
                if isinstance(event, Outcome):
                    outcomes.append(event)
            if plan.body.includes_usage:
                yield _event(reply.usage_chunk(plan.prompt_tokens, outcomes))
        except LaminaError as error:
            yield _event(error_of(error))
    yield b"data: [DONE]\n\n"


def _chunks(
    reply: Reply, index: int, event: Delta | Outcome, reader: CallReader | None
) -> Iterator[Json]:
    """What an event adds to a stream; a reader parts what is said from what is called."""
    if isinstance(event, Outcome):
        for said in reader.finish() if reader else ():
            yield reply.chunk(index, said)
        yield reply.chunk(index, {}, outcome=event, calls=bool(reader and reader.calls))
        return
    logprobs = list(event.logprobs)
    deltas: list[Json] = reader.add(event.text) if reader else [{"content": event.text}]
    if not deltas and logprobs:
        deltas = [{}]
    for said in deltas:
        if said.get("content") != "" or logprobs:
            yield reply.chunk(index, said, logprobs=logprobs)
        logprobs = []  # of the event, told once


def _event(body: Json) -> bytes:
    return b"data: " + _spelled(body).encode() + b"\n\n"


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
