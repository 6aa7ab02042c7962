"""POST /v1/score: log-probabilities of given text under a chosen blend. Nothing is generated."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from lamina.errors import InvalidInputError, LaminaError
from lamina.prompts import Message
from lamina.serving.engine.sequence import Generation, Outcome, Sequence
from lamina.serving.http.answers import CLIENT_LEFT, Answer, while_client_stays
from lamina.serving.http.loaded import Loaded
from lamina.serving.http.replies import Json, layers_header, report
from lamina.serving.http.requests.scores import ScoreItem, ScoreRequest
from lamina.serving.http.service import Service
from lamina.serving.layers.blends import LayerSet

_WAVE = 32  # texts that are queued at a time


def router(service: Service) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.post("/v1/score")
    async def score(body: ScoreRequest, request: Request) -> Response:
        layers, sequences = await asyncio.to_thread(plan_scores, service, body)
        outcomes = await while_client_stays(request, _in_waves(service, sequences))
        if outcomes is None:
            return Response(status_code=CLIENT_LEFT)
        pairs = zip(sequences, outcomes, strict=True)
        content = {
            "object": "list",
            "model": body.model or layers.label,
            "data": [_result(index, *pair) for index, pair in enumerate(pairs)],
            "lamina": report(layers, outcomes),
        }
        return JSONResponse(content, headers=layers_header(layers))

    return routes


def plan_scores(service: Service, body: ScoreRequest) -> tuple[LayerSet, list[Sequence]]:
    """Choose layers and tokens.

    Raises:
        LaminaError: the request cannot be answered.

    """
    loaded = service.ready()
    layers = service.routing.choose(body.model, body.parts())
    items = [*body.items, *(ScoreItem(text=text) for text in body.texts)]
    if not items:
        msg = "there is nothing to score; give items or texts"
        raise InvalidInputError(msg)
    sequences = []
    for item in items:
        for text in (
            item.prompt,
            item.given + (item.text or ""),
            *(one.content for one in item.messages or ()),
        ):
            loaded.check_text(text)
        tokens, start = tokens_of(loaded, item, add_eos=body.add_eos)
        loaded.check_length(tokens, room=0)
        if start >= len(tokens):
            msg = "an item has no tokens to score; give it a text"
            raise InvalidInputError(msg)
        sequences.append(
            Sequence(layers, tokens, Generation(), score_from=start, reuse=body.cache_prompt)
        )
    return layers, sequences


def tokens_of(loaded: Loaded, item: ScoreItem, *, add_eos: bool = False) -> tuple[list[int], int]:
    """Tokens of the whole and the index of the first one to score: at least 1.

    A plain text is scored from its first token after BOS, as training sees it.
    """
    prompts = loaded.prompts
    if item.messages:
        messages: list[Message] = [message.plain() for message in item.messages]
        if item.text is not None:
            messages.append({"role": "assistant", "content": item.text})
        if len(messages) > 1 and messages[-1]["role"] == "assistant":
            return prompts.answered(messages[:-1], messages[-1]["content"])
        whole = prompts.chat(messages, answer_follows=False)
        prompt = prompts.chat(messages[:-1]) if messages[:-1] else []
        return whole, max(prompts.common(prompt, whole), 1)
    if item.prompt:
        whole = prompts.text(item.prompt + (item.text or ""))
        return whole, max(prompts.common(prompts.text(item.prompt), whole), 1)
    ids, given = prompts.passage(item.given, item.text or "")
    return [*ids, *([prompts.words.eos_id] if add_eos else [])], max(given, 1)


async def _in_waves(service: Service, sequences: list[Sequence]) -> list[Outcome]:
    """Some at a time: others get their turn in between."""
    size = min(_WAVE, service.engine.room)
    outcomes: list[Outcome] = []
    for start in range(0, len(sequences), size):
        outcomes += await _collect(service.submit(sequences[start : start + size]))
    return outcomes


async def _collect(answers: list[Answer]) -> list[Outcome]:
    try:
        return [await _outcome(answer) for answer in answers]
    finally:
        for answer in answers:
            answer.close()


async def _outcome(answer: Answer) -> Outcome:
    async for event in answer.events():
        if isinstance(event, Outcome):
            return event
    msg = "a text was not scored; ask again"
    raise LaminaError(msg)


def _result(index: int, sequence: Sequence, outcome: Outcome) -> Json:
    """One item's result; log-probabilities in nats."""
    logprobs = outcome.logprobs
    total = sum(logprobs)
    return {
        "index": index,
        "logprob": total,
        "nll": -total,
        "n_tokens": len(logprobs),
        "loss": -total / len(logprobs),
        "tokens": sequence.prompt[-len(logprobs) :],
        "token_logprobs": list(logprobs),
    }
