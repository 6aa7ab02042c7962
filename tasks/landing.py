"""PDFs land; layers are trained; others are told."""

from collections.abc import Sequence
from uuid import UUID, uuid4, uuid5

from prefect.runtime import flow_run

from lamina.orders import WatchPdfs
from lamina.stages import landing
from tasks import edge
from tasks.caching import step


@step("watch_pdfs")
def watch_pdfs(order: WatchPdfs) -> int:
    """Announce what landed and is whole; how many files that were."""
    with edge.pod("watch-pdfs") as pod:
        turn = landing.watch_pdfs(pod, order)
        for line in landing.sentences(turn):
            pod.progress.say(line)
        edge.table("pdfs-landed", [one.model_dump() for one in turn.announced])
        return len(turn.announced)


@step("fetch_landed", retries=2, retry_delay_seconds=[10, 60])
def fetch_landed() -> list[str]:
    """Fetch the PDFs that landed on other pods, where there is a depot."""
    with edge.pod("fetch-landed") as pod:
        landing.fetch_held_out(pod)
        names = landing.fetch_landed(pod)
        edge.table("pdfs-fetched", [{"file": name} for name in names])
        return names


@step("announce_trained", retries=3, retry_delay_seconds=[5, 30, 120])
def announce_trained(layers: Sequence[str]) -> bool:
    """Tell that these layers have new versions in the depot, once for this flow run."""
    with edge.pod("announce") as pod:
        run = UUID(str(flow_run.get_id() or uuid4()))  # without a server it has no id
        return landing.announce_trained(pod, sorted(layers), uuid5(run, ",".join(sorted(layers))))
