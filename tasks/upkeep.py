"""What keeps a pod well."""

from lamina.errors import ResourceError
from lamina.orders import CollectGarbage
from lamina.stages import upkeep
from tasks import edge
from tasks.caching import step


@step("examine")
def examine() -> str:
    """The doctor's findings as a table, told in a line; raises ResourceError for a problem."""
    from lamina.doctor import examine as look

    with edge.pod("doctor") as pod:
        findings = look(pod.settings, pod.workspace)
        edge.table("doctor", [one.model_dump(mode="json") for one in findings])
    problems = [one for one in findings if one.level == "problem"]
    if problems:
        msg = f"this pod is not well: {problems[0].sentence}; {problems[0].remedy}"
        raise ResourceError(msg)
    rest = [one.sentence for one in findings if one.level != "ok"]
    return "; ".join(rest) or "all is well"


@step("collect_garbage")
def collect_garbage(order: CollectGarbage) -> int:
    """Remove what nothing needs; bytes freed."""
    with edge.pod("gc") as pod:
        found = upkeep.gc(pod, order)
        edge.table("gc", [dict(row) for row in upkeep.table(found)], "What was removed, and stays")
        return found.freed_bytes
