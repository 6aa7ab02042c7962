"""What a report says of its own making: server, base, layers, how it was asked, what failed."""

from collections.abc import Iterable, Sequence

from lamina.assessment.asking.auto import why_not
from lamina.assessment.asking.filling import Failure, How
from lamina.assessment.asking.order import QaOrder
from lamina.assessment.asking.replies import ServedBase
from lamina.assessment.asking.served import Served
from lamina.assessment.cells.cells import Subject
from lamina.assessment.exam.questions import Topic
from lamina.assessment.grading import GRADER
from lamina.assessment.grading.overrides import Overrides
from lamina.assessment.report.records import AnswerRecord, AnyRecord
from lamina.assessment.verdicts.rule import VERSION
from lamina.text.questions import Question

MOST_NAMED = 10  # of what could not be measured
_WAYS = {
    "adapters": "each blend set as the server's default with POST /lora-adapters",
    "model": "each request names its blend",
}


def making(  # noqa: PLR0913, PLR0917 - all that there is to tell
    order: QaOrder,
    how: How,
    served: Served,
    topics: Sequence[Topic],
    subjects: Sequence[Subject],
    failures: Sequence[Failure],
    trained: Sequence[Question],
) -> dict[str, str]:
    """Facts by name, in words."""
    sampling = order.sampling
    used = sorted({name for one in subjects for name in one.blend.layers})
    facts = {
        "Server": served.url or "none was needed: everything had been asked before",
        "Base": _base(served.base),
        "How blends were put on": _WAYS[order.via],
        "Requests in flight": str(how.in_flight),
        "Items of topics that are not a layer's own": _drawn(order),
        "Longest answer": f"{sampling.max_tokens} tokens",
        "Temperature": f"{sampling.temperature:g}, seed {sampling.seed}",
        "Grader": f"version {GRADER}, by type of answer",
        "System message": sampling.system or "none",
        "Rule": f"version {VERSION}; {order.margins.in_words}",
        "Auto": why_not(order, served) or "asked whom the server finds for each question",
        "Intervals": "one-sided at either end, over documents (Student's t), not over questions",
    }
    if transfer := sum(len(topic.transfer) for topic in topics):
        facts["Knows and transfer"] = (
            f"{transfer} questions are about documents that their layer was not trained on; they "
            "are reported, and part of no verdict"
        )
    if strangers := [f"{one} ({topic.name})" for topic in topics for one in topic.strangers]:
        told = "; ".join(strangers[:MOST_NAMED])
        facts["Documents that nobody has"] = (
            f"{len(strangers)}, named by questions which count as of one document a topic: {told}"
        )
    if trained:
        some = "; ".join(question.question for question in trained[:MOST_NAMED])
        facts["Not counted"] = f"{len(trained)} questions that layers were trained on: {some}"
    if costs := {name: cost for name, cost in order.costs.items() if name in used}:
        told = ", ".join(f"{name} {cost:.2f}" for name, cost in sorted(costs.items()))
        facts["Cost of training"] = f"{sum(costs.values()):.2f} in all: {told}"
    if failures:
        told = "; ".join(map(named, failures[:MOST_NAMED]))
        facts["Not measured"] = f"{len(failures)} requests failed: {told}"
    digests = {layer.name: layer.digest for layer in served.layers}
    return facts | {f"Layer {name}": digests[name][:12] or "unknown" for name in used}


def _base(base: ServedBase) -> str:
    digest = base.digest[:12]
    return f"{base.name} ({digest})" if base.name else digest


def overruled_fact(records: Iterable[AnyRecord], overrides: Overrides) -> dict[str, str]:
    """How many grades a person overruled, and who; nothing where nobody did."""
    given = [one for one in records if isinstance(one, AnswerRecord)]
    count = sum(one.overruled is not None for one in given)
    texts = {(one.item, one.answer.strip()) for one in given}
    decisions = list(overrides)
    idle = sum((one.question, one.answer.strip()) not in texts for one in decisions)
    if not decisions:
        return {}
    by = ", ".join(sorted({one.who for one in decisions}))
    rest = f"; {idle} of them about answers that nobody gives now" if idle else ""
    told = f"{len(decisions)} decisions by {by} count for {count} grades{rest}"
    return {"Overruled": told}


def named(failure: Failure) -> str:
    """Who could not be asked what, and why."""
    one = failure.wanted
    item = one.item.question if isinstance(one.item, Question) else one.item.text
    return f"{one.subject.blend.name} on {one.topic}, {item[:60]!r}: {failure.why}"


def _drawn(order: QaOrder) -> str:
    count = order.n_drawn
    if not count:
        return "all"
    return (
        f"{count} questions of each, {order.n_elsewhere} of all together, {count} rows or one a "
        "document, by lot; all where these leave doubt"
    )
