"""What is to be measured on a server, and what of it could be. Asks nobody by itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from lamina.assessment.asking.auto import answers, finds, why_not
from lamina.assessment.asking.filling import Failure, How
from lamina.assessment.asking.matrix import Matrix, Wanted
from lamina.assessment.asking.order import QaOrder
from lamina.assessment.asking.served import Served, blends_of
from lamina.assessment.cells.cells import Cells, Subject
from lamina.assessment.exam.asked import Choose
from lamina.assessment.exam.behind import told_apart
from lamina.assessment.exam.general import GENERAL, general_questions
from lamina.assessment.exam.questions import Topic, gather_topics
from lamina.assessment.exam.trained import without_trained
from lamina.assessment.grading.overrides import Overrides, read_overrides
from lamina.assessment.report.files import other_folder
from lamina.assessment.report.view import gains_over_base, records
from lamina.assessment.report.worth import measured
from lamina.store import CELLS, Store
from lamina.text.questions import Question

Fill: TypeAlias = Callable[[Iterable[Wanted]], tuple[Failure, ...]]


@dataclass(frozen=True)
class Plan:
    """All that is to be measured, and where it is kept."""

    order: QaOrder
    served: Served
    trained: tuple[Question, ...]  # questions that do not count, since they were trained on
    cells: Cells
    model: str | None
    matrix: Matrix
    overrides: Overrides
    against: Path | None  # the folder of another report

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What is measured."""
        return tuple(self.matrix.topics.values())

    @property
    def how(self) -> How:
        """How a server is asked."""
        in_flight = self.order.concurrency or self.served.base.slots
        return How(self.order.sampling, self.order.via, in_flight)


def plan(order: QaOrder, served: Served, store: Store, digest: Callable[[Path], str]) -> Plan:
    """Everything in order, before anybody is asked.

    Raises:
        NotFoundError: nothing to measure, a layer that is asked for is not there, or no report to
            hold this one against.
        MismatchError: the server cannot use a layer.
        InvalidInputError: a prompt file, a blend or an override is malformed.

    """
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
    return Plan(
        order=order,
        served=served,
        trained=trained,
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
    )


def carried_out(plan: Plan, fill: Fill) -> tuple[list[Wanted], list[Failure]]:
    """What was wanted in the end, and what of it could not be had: first a little, then more."""
    wanted = dict.fromkeys(plan.matrix.first())
    finding = []
    if not why_not(plan.order, plan.served):
        finding = list(finds(plan.topics, plan.matrix.subjects, plan.served))
    failures = list(fill([*wanted, *finding]))
    chosen = (one for one in wanted if isinstance(one.request, Choose) and one.proves == "knows")
    gains = gains_over_base(measured(records(chosen, plan.cells)))
    doubted = [
        one
        for subject in plan.matrix.subjects
        for one in plan.matrix.rest(subject, gains.get(subject.blend.name, {}))
        if one not in wanted
    ]
    found = list(answers(finding, plan.cells, plan.served))
    failures += fill([*doubted, *found])
    return [*wanted, *doubted, *found], failures
