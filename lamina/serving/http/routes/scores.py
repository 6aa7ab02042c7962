"""POST /v1/score: log-probabilities of given text under a chosen blend. Nothing is generated."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from lamina.errors import LaminaError
from lamina.serving.engine.sequence import Outcome, Sequence
from lamina.serving.http.answers import CLIENT_LEFT, Answer, while_client_stays
from lamina.serving.http.described import ScoreReply
from lamina.serving.http.openapi import ASKING, errors, well
from lamina.serving.http.replies import Json, layers_header, report
from lamina.serving.http.requests.scores import ScoreRequest
from lamina.serving.http.scoring import Scoring, plan_scores
from lamina.serving.http.service import Service

_WAVE = 32  # sequences that are queued at a time


def router(service: Service) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["Scores"], responses=errors(*ASKING))

    @routes.post(
        "/v1/score",
        summary="How likely given texts are",
        description="Log-probabilities under the chosen layers; nothing is generated. Several "
        "`candidates` that go on from one beginning are scored together.",
        response_model=None,
        responses=well(ScoreReply),
    )
    async def score(body: ScoreRequest, request: Request) -> Response:
        layers, scorings = await asyncio.to_thread(plan_scores, service, body)
        sequences = [sequence for scoring in scorings for sequence in scoring.sequences]
        with service.engine.memory.holding(layers):  # all waves by one version
            outcomes = await while_client_stays(request, _in_waves(service, sequences))
        if outcomes is None:
            return Response(status_code=CLIENT_LEFT)
        content = {
            "object": "list",
            "model": body.model or layers.label,
            "data": _results(scorings, outcomes),
            "lamina": report(layers, outcomes),
        }
        return JSONResponse(content, headers=layers_header(layers))

    return routes


def _results(scorings: list[Scoring], outcomes: list[Outcome]) -> list[Json]:
    rest = iter(outcomes)
    return [
        scoring.result(index, [next(rest) for _ in scoring.sequences])
        for index, scoring in enumerate(scorings)
    ]


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
