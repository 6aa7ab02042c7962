"""PDFs land; layers are trained; others are told."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from lamina.orders import WatchPdfs
from lamina.stages import landing
from tasks import edge


@task(cache_policy=NO_CACHE)
def watch_pdfs(order: WatchPdfs) -> int:
    """Announce what landed and is whole; how many files that were."""
    with edge.pod("watch-pdfs") as pod:
        turn = landing.watch_pdfs(pod, order)
        for line in landing.sentences(turn):
            pod.progress.say(line)
        edge.table("pdfs-landed", [one.model_dump() for one in turn.announced])
        return len(turn.announced)
