"""Asking a person whether a layer may serve: a form in the UI, and what was said in it."""

from collections.abc import Mapping, Sequence
from typing import Literal

from prefect.input import RunInput
from prefect.runtime import flow_run
from prefect.utilities.urls import url_for
from pydantic import Field

from lamina.errors import NotFoundError
from lamina.orders import ApproveLayer
from lamina.stages import approving
from tasks import edge, runs
from tasks.caching import step


class Word(RunInput):
    """What a person fills in."""

    decision: Literal["promote", "hold"] = Field(
        title="Decision", description="promote: it serves at once, on every pod"
    )
    why: str = Field("", title="Why", description="kept among the versions' reasons")


def ask(rows: Sequence[Mapping[str, str]]) -> None:
    """Start a run for each version that waits; the run waits for the form to be filled in."""
    link = url_for("flow-run", obj_id=flow_run.get_id()) or ""
    orders = {
        row["layer"]: ApproveLayer(
            layer=row["layer"], version=row["version"], why=row["why"], report=link
        )
        for row in rows
    }
    if orders and edge.is_deployed():
        names = {layer: f"may {layer} serve?" for layer in orders}
        runs.start("approve-layer/ask-a-person", orders, names)


def form(order: ApproveLayer) -> type[Word]:
    """The form with what there is to know."""
    link = f"\n\n[Verdicts, and where the report lies]({order.report})" if order.report else ""
    return Word.with_initial_data(description=f"**{order.layer}** {order.why}{link}")


@step("waits")
def waits(order: ApproveLayer) -> bool:
    """Whether there is still something to decide."""
    with edge.pod("approval") as pod:
        try:
            return bool(approving.waiting(pod, order.layer, order.version))
        except NotFoundError:  # the layer has no version any more
            return False


@step("answer")
def answer(order: ApproveLayer, word: Word) -> str:
    """Do as was said; what came of it."""
    because = f": {word.why}" if word.why else ""
    with edge.pod("approval") as pod:
        if word.decision == "promote":
            approving.approve(pod, order.layer, order.version, by=f"a person in the UI{because}")
            return f"promoted: approved by a person{because}"
        approving.decline(pod, order.layer, order.version, why=f"refused by a person{because}")
        return f"held: refused by a person{because}"


def patience_s() -> int:
    """How long a person is waited for."""
    return round(edge.settings().approval_hours * 3600)
