"""Whether a layer may serve: a person says so in the UI; until then it is held."""

from prefect import State, flow
from prefect.flow_runs import suspend_flow_run
from prefect.states import Completed

from flows.shell import begin
from lamina.orders import ApproveLayer
from tasks import approval


@flow(name="approve-layer", flow_run_name="may {order.layer} serve?", log_prints=False)
def approve_layer(order: ApproveLayer) -> State[None]:
    """Ask, and do as was said. No worker waits: the run begins anew once the form is filled in."""
    begin()
    if not approval.waits(order):
        return Completed(message=f"{order.layer} was decided upon meanwhile")
    form = approval.form(order)
    word = suspend_flow_run(form, timeout=approval.patience_s(), key=order.version)
    return Completed(message=approval.answer(order, word))
