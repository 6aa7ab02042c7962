"""The stage `qa_layers`: measures every layer on a running server, once for equal inputs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from lamina.artifacts import ArtifactRef
from lamina.assessment.asking.client import Client
from lamina.assessment.asking.filling import Failure, How, fill, missing
from lamina.assessment.asking.matrix import Matrix, Wanted
from lamina.assessment.asking.order import QaOrder
from lamina.assessment.asking.served import Served, blends_of, hold_against_files, served_by
from lamina.assessment.cells.cells import Cells, Subject
from lamina.assessment.exam.asked import Choose
from lamina.assessment.exam.behind import told_apart
from lamina.assessment.exam.general import GENERAL, general_questions
from lamina.assessment.exam.questions import Topic, gather_topics
from lamina.assessment.exam.trained import without_trained
from lamina.assessment.grading import GRADER
from lamina.assessment.grading.overrides import Overrides, read_overrides
from lamina.assessment.report.files import (
    RECORDS,
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
from lamina.fingerprint import canonical, file_digest, text_digest
from lamina.progress import Progress
from lamina.store import CELLS, Stage, Store
from lamina.text.questions import Question

KIND = "qa"
STAGE = Stage("qa_layers", 6)

Fill: TypeAlias = Callable[[Iterable[Wanted]], tuple[Failure, ...]]


class _UnknownError(Exception):
    """A cell is empty, and there is nobody to ask."""


@dataclass(frozen=True)
class _Exam:
    """All that is to be measured, and where it is kept."""

    order: QaOrder
    served: Served
    topics: tuple[Topic, ...]
    trained: tuple[Question, ...]  # questions that do not count, since they were trained on
    subjects: tuple[Subject, ...]
    cells: Cells
    model: str | None
    matrix: Matrix
    overrides: Overrides
    against: Path | None  # the folder of another report
    earlier: Trend  # what other versions of the layers came to

    @property
    def how(self) -> How:
        """How a server is asked."""
        in_flight = self.order.concurrency or self.served.base.slots
        return How(self.order.sampling, self.order.via, in_flight)


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
        exam = _exam(order, served, store, digest, earlier or {})
        wanted, failures = _wanted(
            exam, lambda some: fill(some, exam.cells, client, exam.how, progress)
        )
    for failure in failures[:MOST_NAMED]:
        progress.say(f"not measured: {named(failure)}")
    return _report(exam, wanted, failures, store)


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
    exam = _exam(order, served, store, digest, earlier or {})

    def look(wanted: Iterable[Wanted]) -> tuple[Failure, ...]:
        if missing(wanted, exam.cells):
            raise _UnknownError
        return ()

    try:
        return _report(exam, *_wanted(exam, look), store)
    except _UnknownError:
        return None


def _exam(
    order: QaOrder,
    served: Served,
    store: Store,
    digest: Callable[[Path], str],
    earlier: Trend,
) -> _Exam:
    known = {layer.name: layer for layer in served.layers}
    topics = gather_topics(
        order.prompts,
        order.heldout,
        layers={*known, *order.topics},
        heldout_tokens=order.heldout_tokens,
        optional=order.general,
    )
    topics, trained = without_trained(topics, order.trained)
    topics = told_apart(topics, order.files, order.datasets, store)
    if order.general:
        topics = (*topics, Topic(name=GENERAL, prompts=general_questions()))
    subjects = tuple(
        Subject(blend, tuple(known[name].digest for name in blend.layers))
        for blend in blends_of(order, served)
    )
    model = digest(order.model) if order.model else None
    return _Exam(
        order=order,
        served=served,
        topics=topics,
        trained=trained,
        subjects=subjects,
        cells=Cells(store.root / CELLS, served.base.digest, model, order.sampling),
        model=model,
        matrix=Matrix(
            topics,
            subjects,
            seed=order.sampling.seed,
            n_drawn=order.n_drawn or None,
            n_elsewhere=order.n_elsewhere,
        ),
        overrides=read_overrides(order.overrides),
        against=other_folder(order.against) if order.against else None,
        earlier=earlier,
    )


def _wanted(exam: _Exam, fill: Fill) -> tuple[list[Wanted], list[Failure]]:
    """What was wanted in the end, and what of it could not be had: first a little, then more."""
    wanted = dict.fromkeys(exam.matrix.first())
    failures = list(fill(wanted))
    chosen = (one for one in wanted if isinstance(one.request, Choose) and one.proves == "knows")
    gains = gains_over_base(measured(records(chosen, exam.cells)))
    doubted = [
        one
        for subject in exam.matrix.subjects
        for one in exam.matrix.rest(subject, gains.get(subject.blend.name, {}))
        if one not in wanted
    ]
    failures += fill(doubted)
    return [*wanted, *doubted], failures


def _report(
    exam: _Exam, wanted: Sequence[Wanted], failures: Sequence[Failure], store: Store
) -> ArtifactRef:
    order, cells, other = exam.order, exam.cells, exam.against
    digests = {layer.name: layer.digest for layer in exam.served.layers}
    layers = sorted({name for one in exam.subjects for name in one.blend.layers})
    inputs: dict[str, Any] = {
        "base": exam.served.base.digest,
        "model": exam.model,
        "layers": {name: digests[name] for name in layers},
        "cells": text_digest(canonical([cells.key(one.subject, one.request) for one in wanted])),
        "items": text_digest(canonical([topic.model_dump(mode="json") for topic in exam.topics])),
        "subjects": [one.blend.name for one in exam.subjects],
        "judged": order.judged,
        "margins": order.margins,
        "rule": VERSION,
        "grader": GRADER,
        "failures": sorted(cells.key(one.wanted.subject, one.wanted.request) for one in failures),
        "overrides": exam.overrides.identity,
        "earlier": {name: list(points) for name, points in exam.earlier.items()},
        "against": [file_digest(other / name) for name in (SUMMARY, RECORDS)] if other else None,
    }

    def make(folder: Path) -> dict[str, object]:
        found = list(records(wanted, cells, exam.overrides))
        facts = making(
            order, exam.how, exam.served, exam.topics, exam.subjects, failures, exam.trained
        )
        summary = summarise(
            found,
            facts=facts | overruled_fact(found, exam.overrides),
            margins=order.margins,
            judged=order.judged,
            made=datetime.now(UTC).replace(microsecond=0),
            base=exam.served.base.name or exam.served.base.digest[:12],
            files=inputs["layers"],
            earlier=exam.earlier,
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
