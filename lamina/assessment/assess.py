"""The stage `qa_layers`: measures every layer on a running server, once for equal inputs."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.assessment.asking.client import Client
from lamina.assessment.asking.filling import Failure, How, fill
from lamina.assessment.asking.matrix import Matrix, Wanted
from lamina.assessment.asking.order import QaOrder
from lamina.assessment.asking.replies import KnownLayer
from lamina.assessment.cells.cells import Cells, Subject
from lamina.assessment.exam.asked import Choose
from lamina.assessment.exam.blend import BASE, Blend, parse_blend
from lamina.assessment.exam.general import GENERAL, general_questions
from lamina.assessment.exam.questions import Topic, gather_topics
from lamina.assessment.exam.trained import without_trained
from lamina.assessment.grading import GRADER
from lamina.assessment.grading.overrides import read_overrides
from lamina.assessment.report.files import (
    CHANGES,
    FILES,
    RECORDS,
    REPORT,
    SUMMARY,
    other_folder,
    write_report,
)
from lamina.assessment.report.making import MOST_NAMED, making, named, overruled_fact
from lamina.assessment.report.summary import Summary, summarise
from lamina.assessment.report.trend import Trend
from lamina.assessment.report.view import gains_over_base, records
from lamina.assessment.report.worth import measured
from lamina.assessment.verdicts.rule import VERSION
from lamina.errors import MismatchError, NotFoundError
from lamina.fingerprint import canonical, file_digest, text_digest
from lamina.progress import Progress
from lamina.store import CELLS, Stage, Store, point
from lamina.text.questions import Question

KIND = "qa"
STAGE = Stage("qa_layers", 4)


def qa_layers(  # noqa: PLR0913 - keyword-only but for the order
    order: QaOrder,
    *,
    store: Store,
    progress: Progress,
    api_key: str | None = None,
    digest: Callable[[Path], str] = file_digest,
    earlier: Trend | None = None,
) -> ArtifactRef:
    """Ask and score what no cell holds yet; the artifact holds records, summary and report.

    `digest` may remember files that it has seen (`lamina.fingerprint.Digests`); `earlier` is what
    earlier versions of the layers came to.

    Raises:
        NotFoundError: no server answers, nothing to measure, the server lacks a layer, or there is
            no report to hold this one against.
        MismatchError: a layer's file is newer than what the server has, or the server cannot
            use it.
        InvalidInputError: a prompt file, a blend or an override is malformed.

    """
    overrides = read_overrides(order.overrides)
    other = other_folder(order.against) if order.against else None
    with Client(order.server_url, api_key) as client:
        known = {layer.name: layer for layer in client.layers()}
        topics, trained = _topics(order, known)
        _hold_against_files(known, order, digest)
        base = client.base()
        model = digest(order.model) if order.model else None
        subjects = [_subject(blend, known) for blend in _blends(order, known)]
        cells = Cells(store.root / CELLS, base.digest, model, order.sampling)
        matrix = Matrix(topics, subjects, seed=order.sampling.seed, n_drawn=order.n_drawn or None)
        how = How(order.sampling, order.via, order.concurrency or base.slots)
        wanted, failures = _ask(matrix, cells, client, how, progress)
    for failure in failures[:MOST_NAMED]:
        progress.say(f"not measured: {named(failure)}")
    inputs: dict[str, Any] = {
        "base": base.digest,
        "model": model,
        "layers": {name: known[name].digest for one in subjects for name in one.blend.layers},
        "cells": text_digest(canonical([cells.key(one.subject, one.request) for one in wanted])),
        "items": text_digest(canonical([topic.model_dump(mode="json") for topic in topics])),
        "subjects": [one.blend.name for one in subjects],
        "judged": order.judged,
        "margins": order.margins,
        "rule": VERSION,
        "grader": GRADER,
        "failures": sorted(cells.key(one.wanted.subject, one.wanted.request) for one in failures),
        "overrides": overrides.identity,
        "earlier": {name: list(points) for name, points in (earlier or {}).items()},
        "against": [file_digest(other / name) for name in (SUMMARY, RECORDS)] if other else None,
    }

    def make(folder: Path) -> dict[str, object]:
        found = list(records(wanted, cells, overrides))
        facts = making(order, how, base, known, subjects, failures, trained)
        summary = summarise(
            found,
            facts=facts | overruled_fact(found, overrides),
            margins=order.margins,
            judged=order.judged,
            made=datetime.now(UTC).replace(microsecond=0),
            base=base.name or base.digest[:12],
            layers=inputs["layers"],
            earlier=earlier,
        )
        questions = [question for topic in topics for question in topic.prompts]
        write_report(folder, summary, found, questions, other)
        return _artifact_facts(summary)

    return store.once(KIND, STAGE, inputs, make)


def _topics(
    order: QaOrder, known: Collection[str]
) -> tuple[tuple[Topic, ...], tuple[Question, ...]]:
    """What is measured, and the questions that do not count since they were trained on."""
    topics = gather_topics(
        order.prompts,
        order.heldout,
        layers={*known, *order.topics},
        heldout_tokens=order.heldout_tokens,
        optional=order.general,
    )
    topics, trained = without_trained(topics, order.trained)
    general = (Topic(name=GENERAL, prompts=general_questions()),) if order.general else ()
    return (*topics, *general), trained


def _ask(
    matrix: Matrix, cells: Cells, client: Client, how: How, progress: Progress
) -> tuple[list[Wanted], list[Failure]]:
    """What was wanted in the end, and what of it could not be had: first a little, then more."""
    wanted = dict.fromkeys(matrix.first())
    failures = list(fill(wanted, cells, client, how, progress))
    chosen = (one for one in wanted if isinstance(one.request, Choose))
    gains = gains_over_base(measured(records(chosen, cells)))
    doubted = [
        one
        for subject in matrix.subjects
        for one in matrix.rest(subject, gains.get(subject.blend.name, {}))
        if one not in wanted
    ]
    failures += fill(doubted, cells, client, how, progress)
    return [*wanted, *doubted], failures


def _subject(blend: Blend, known: Mapping[str, KnownLayer]) -> Subject:
    return Subject(blend, tuple(known[name].digest for name in blend.layers))


def publish(ref: ArtifactRef, *, store: Store, folder: Path) -> Path:
    """Show the artifact under `folder` (the workspace's `qa/`); returns the page's path there."""
    made = store.open(ref)
    for name in (*FILES, CHANGES, REPORT):
        if (made / name).exists():
            point(folder / name, made / name)
        else:  # of an earlier report
            (folder / name).unlink(missing_ok=True)
    return folder / REPORT


def _hold_against_files(
    known: dict[str, KnownLayer], order: QaOrder, digest: Callable[[Path], str]
) -> None:
    files = sorted(order.adapters.glob("*.gguf")) if order.adapters else []
    for path in files:
        layer = known.get(path.stem)
        if layer is None:
            order_to_load = f'{{"adapters":[{{"path":"{path}"}}]}}'
            msg = (
                f"the server at {order.server_url} is older than layer {path.stem}: it does not "
                f"list it; load it with POST /lora-adapters {order_to_load}, or restart the server"
            )
            raise NotFoundError(msg)
        if layer.digest and layer.digest != digest(path):
            msg = (
                f"the server at {order.server_url} has another version of layer {path.stem} than "
                f"{path}; restart the server"
            )
            raise MismatchError(msg)


def _blends(order: QaOrder, known: dict[str, KnownLayer]) -> tuple[Blend, ...]:
    """The base, the layers, the blends: each once."""
    names = (BASE, *(order.layers or tuple(known)), *order.blends)
    blends = {blend.name: blend for blend in map(parse_blend, names)}
    for blend in blends.values():
        for layer in blend.layers:
            if layer not in known:
                have = ", ".join(known) or "none"
                msg = (
                    f"the server at {order.server_url} knows no layer {layer} (it has: {have}); "
                    "export it with `lamina export_layers`, or leave it out"
                )
                raise NotFoundError(msg)
            if known[layer].problem:
                msg = f"the server at {order.server_url} cannot use it: {known[layer].problem}"
                raise MismatchError(msg)
    return tuple(blends.values())


def _artifact_facts(summary: Summary) -> dict[str, object]:
    return {
        "verdicts": {worth.name: worth.verdict.word.value for worth in summary.worths},
        "headline": summary.headline.model_dump(mode="json"),
    }
