"""The stage `qa_layers`: measures every layer on a running server, once for equal inputs."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.assessment.asking.auto import why_not
from lamina.assessment.asking.client import Client
from lamina.assessment.asking.filling import Failure, fill, missing
from lamina.assessment.asking.matrix import Wanted
from lamina.assessment.asking.order import QaOrder
from lamina.assessment.asking.served import Served, hold_against_files, served_by
from lamina.assessment.grading import GRADER
from lamina.assessment.plan import Plan, carried_out, plan
from lamina.assessment.report.files import RECORDS, SUMMARY, write_report
from lamina.assessment.report.making import MOST_NAMED, making, named, overruled_fact
from lamina.assessment.report.summary import Summary, summarise
from lamina.assessment.report.trend import Trend
from lamina.assessment.report.view import records
from lamina.assessment.verdicts.rule import VERSION
from lamina.fingerprint import canonical, file_digest, text_digest
from lamina.progress import Progress
from lamina.store import Stage, Store

KIND = "qa"
STAGE = Stage("qa_layers", 7)


class _UnknownError(Exception):
    """A cell is empty, and there is nobody to ask."""


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
    with Client(order.server_url, api_key) as client:
        served = served_by(client)
        hold_against_files(served, order, digest)
        exam = plan(order, served, store, digest)
        wanted, failures = carried_out(
            exam, lambda some: fill(some, exam.cells, client, exam.how, progress)
        )
    for failure in failures[:MOST_NAMED]:
        progress.say(f"not measured: {named(failure)}")
    return _report(exam, wanted, failures, store, earlier or {})


def known_report(
    order: QaOrder,
    served: Served,
    *,
    store: Store,
    digest: Callable[[Path], str] = file_digest,
    earlier: Trend | None = None,
) -> ArtifactRef | None:
    """The same of cells alone; None where one is empty, and a server must be asked.

    Raises:
        NotFoundError: nothing to measure, or no report to hold this one against.
        InvalidInputError: a prompt file, a blend or an override is malformed.

    """
    exam = plan(order, served, store, digest)

    def look(wanted: Iterable[Wanted]) -> tuple[Failure, ...]:
        if missing(wanted, exam.cells):
            raise _UnknownError
        return ()

    try:
        return _report(exam, *carried_out(exam, look), store, earlier or {})
    except _UnknownError:
        return None


def _report(
    exam: Plan,
    wanted: Sequence[Wanted],
    failures: Sequence[Failure],
    store: Store,
    earlier: Trend,
) -> ArtifactRef:
    order, cells, other = exam.order, exam.cells, exam.against
    digests = {layer.name: layer.digest for layer in exam.served.layers}
    subjects = exam.matrix.subjects
    layers = sorted({name for one in subjects for name in one.blend.layers})
    inputs: dict[str, Any] = {
        "base": exam.served.base.digest,
        "model": exam.model,
        "layers": {name: digests[name] for name in layers},
        "cells": text_digest(canonical([cells.key(one.subject, one.request) for one in wanted])),
        "items": text_digest(canonical([topic.model_dump(mode="json") for topic in exam.topics])),
        "subjects": [one.blend.name for one in subjects],
        "auto": why_not(order, exam.served),
        "judged": order.judged,
        "margins": order.margins,
        "rule": VERSION,
        "grader": GRADER,
        "failures": sorted(cells.key(one.wanted.subject, one.wanted.request) for one in failures),
        "overrides": exam.overrides.identity,
        "earlier": {name: list(points) for name, points in earlier.items()},
        "against": [file_digest(other / name) for name in (SUMMARY, RECORDS)] if other else None,
    }

    def make(folder: Path) -> dict[str, object]:
        found = list(records(wanted, cells, exam.overrides))
        facts = making(order, exam.how, exam.served, exam.topics, subjects, failures, exam.trained)
        summary = summarise(
            found,
            facts=facts | overruled_fact(found, exam.overrides),
            margins=order.margins,
            judged=order.judged,
            made=datetime.now(UTC).replace(microsecond=0),
            base=exam.served.base.name or exam.served.base.digest[:12],
            files=inputs["layers"],
            earlier=earlier,
        )
        questions = [one for topic in exam.topics for one in (*topic.prompts, *topic.transfer)]
        write_report(folder, summary, found, questions, other)
        return _artifact_facts(summary)

    return store.once(KIND, STAGE, inputs, make)


def _artifact_facts(summary: Summary) -> dict[str, object]:
    return {
        "verdicts": {worth.name: worth.verdict.word.value for worth in summary.worths},
        "headline": summary.headline.model_dump(mode="json"),
    }
