"""PDFs land; layers are handed over; others are woken."""

from lamina.orders import WatchPdfs
from lamina.stages import landing
from tasks import edge
from tasks.caching import step


@step("watch_pdfs")
def watch_pdfs(order: WatchPdfs) -> str:
    """Announce what landed and is whole, unless a watcher lives here; what there was."""
    with edge.pod("watch-pdfs") as pod:
        if landing.is_watched(pod):
            return "`lamina watch` looks after this pod's inbox"
        turn = landing.watch_pdfs(pod, order)
        edge.table("pdfs-landed", [one.model_dump() for one in turn.announced])
        said = list(landing.sentences(turn))
        for line in said:
            pod.progress.say(line)
        return "; ".join(said) or "nothing new"


@step("fetch_landed", retries=2, retry_delay_seconds=[10, 60])
def fetch_landed() -> list[str]:
    """Fetch the PDFs that landed on other pods, where there is a depot."""
    with edge.pod("fetch-landed") as pod:
        landing.tell(pod)
        landing.fetch_held_out(pod)
        names = landing.fetch_landed(pod)
        edge.table("pdfs-fetched", [{"file": name} for name in names])
        return names


@step("push_layer-{layer}", retries=2, retry_delay_seconds=[10, 60])
def push_layer(layer: str) -> None:
    """Put a published layer into the depot, if there is one, and wake those who judge it."""
    with edge.pod("push-layers") as pod:
        told = landing.hand_over(pod, [layer])
        if told.trouble:
            pod.progress.say(f"the next run tells of {layer} again: {told.trouble}")
