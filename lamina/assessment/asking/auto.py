"""Whom the server finds for each question, and what that one answers. Pure.

Finding takes no model: a question costs an answer only where another layer is found than the
topic's own, which is asked anyhow. It decides no verdict.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from lamina.assessment.asking.matrix import Wanted
from lamina.assessment.asking.order import QaOrder
from lamina.assessment.asking.served import Served
from lamina.assessment.cells.cells import Cells, Subject
from lamina.assessment.exam.asked import Ask, Find
from lamina.assessment.exam.blend import Blend, layer_of, parse_blend
from lamina.assessment.exam.general import GENERAL
from lamina.assessment.exam.questions import Topic
from lamina.text.questions import Question


def why_not(order: QaOrder, served: Served) -> str:
    """Why `auto` is not asked; empty where it is."""
    if not order.auto:
        return "not asked, as it was ordered"
    if not served.finds:
        return "not asked: no layer has a profile"
    if any(layer_of(layer.name) != layer.name for layer in served.layers):
        return "not asked: versions that serve stand beside their candidates with the same profiles"
    return ""


def finds(topics: Iterable[Topic], subjects: Sequence[Subject], served: Served) -> Iterator[Wanted]:
    """Questions of topics whose own layer is asked, and the general ones."""
    among = tuple((one.name, one.digest) for one in served.layers if not one.problem)
    known = {one.blend.name for one in subjects}
    for topic in topics:
        for question in topic.prompts if topic.name in {*known, GENERAL} else ():
            document = topic.document_of(question)
            request = Find(question.question, among)
            yield Wanted(Subject(Blend()), topic.name, question, request, document)


def answers(wanted: Iterable[Wanted], cells: Cells, served: Served) -> Iterator[Wanted]:
    """The same questions, put to whom the server found."""
    digests = {layer.name: layer.digest for layer in served.layers}
    for one in wanted:
        value = cells.get(one.subject, one.request)
        if value is not None and isinstance(one.item, Question):
            blend = parse_blend(value["model"])
            subject = Subject(blend, tuple(digests[name] for name in blend.layers))
            yield replace(one, subject=subject, request=Ask(one.item.question), found=True)
