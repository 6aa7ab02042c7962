"""What the tests of the chains ask of a run, and what they look at afterwards."""

from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import Artifact, FlowRun

from lamina.demo.profile import CHUNK_TOKENS
from lamina.orders import CheckParity, TrainLayers
from lamina.progress import Silent
from lamina.stages.pod import Pod
from lamina.workspace import Workspace
from tasks import edge

SHORT = {"steps": 2, "evaluations": 1, "batch_tokens": 320, "sequence_tokens": 320}
QUICK = CheckParity(tokens=100, merged="no")


def order(*layers: str, parity: CheckParity | None = QUICK, sweep: bool = False) -> TrainLayers:
    """Hardly any training; with `parity` None, no ladder."""
    chosen = {"profile": "demo", "overrides": SHORT, "chunk_tokens": CHUNK_TOKENS, "sweep": sweep}
    chosen |= {"check_parity": False} if parity is None else {"parity": parity}
    return TrainLayers(layers=list(layers), **chosen)


def this_pod() -> Pod:
    """As the tasks see it."""
    chosen = edge.settings()
    return Pod(chosen, Workspace(chosen), Silent())


def worked() -> set[str]:
    """The cached tasks that did work since the last call."""
    names = {name for name, state, _ in edge.STATES if state != "Cached"}
    edge.STATES.clear()
    return names


def pdfs(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*.pdf")}


def chapters(area: str) -> set[str]:
    return {f"{area}_chapter_{number}.pdf" for number in range(1, 9)}


def last_run() -> tuple[FlowRun, list[Artifact]]:
    """The newest run that nobody else's run began, and what it and the runs in it have shown."""
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs()
        run = max((one for one in runs if not one.parent_task_run_id), key=lambda one: one.created)
        of_it = {one.id for one in runs if one.created >= run.created}
        return run, [one for one in client.read_artifacts() if one.flow_run_id in of_it]


def names_of_runs() -> dict[str, str]:
    """The last run's own name and the names of the runs in it, with the messages they ended in."""
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs()
    since = max(one.created for one in runs if not one.parent_task_run_id)
    return {one.name: str(one.state.message) for one in runs if one.created >= since}
