"""What earlier versions of layers came to: from their histories, or from the reports there are."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from lamina.artifacts import ArtifactRef
from lamina.errors import LaminaError
from lamina.handover.versions import Decision, read_history
from lamina.stages.pod import Pod

if TYPE_CHECKING:
    from lamina.assessment.report.summary import Summary
    from lamina.assessment.report.trend import Point
    from lamina.assessment.report.worth import Worth

REPORTS = 20  # the latest ones that are looked through
_FILE = "adapter.gguf"


def figures(pod: Pod, gguf: ArtifactRef, worth: "Worth", made: datetime | None) -> dict[str, Any]:
    """What a version came to, for its history: it outlives the report."""
    from lamina.assessment.report.trend import Point

    file = pod.store.manifest(gguf).files[_FILE].sha256
    point = Point.of(worth, version=gguf.digest, file=file, when=made)
    return point.model_dump(mode="json")


def earlier_versions(pod: Pod, adapters: Path) -> dict[str, tuple["Point", ...]]:
    """By layer: its other versions than those in a folder, the oldest first, each once.

    Of a layer without a history, what the reports in the store say of other files of its name.
    """
    now = {path.stem: pod.workspace.digests(path) for path in sorted(adapters.glob("*.gguf"))}
    known = {layer: _of_history(pod, layer) for layer in now}
    known |= _of_reports(pod, [layer for layer, points in known.items() if not points])
    others = {
        layer: tuple(one for one in known[layer] if one.file != file) for layer, file in now.items()
    }
    return {layer: points for layer, points in others.items() if points}


def _of_history(pod: Pod, layer: str) -> list["Point"]:
    """The last word on each version that was measured."""
    points: dict[str, Point] = {}
    for one in read_history(pod.workspace.versions, layer).decisions:
        if point := _noted(one):
            points.pop(one.digest, None)
            points[one.digest] = point
        elif known := points.get(one.digest):  # promoted by hand, or taken back
            points[one.digest] = known.model_copy(update={"decision": one.action})
    return list(points.values())


def _noted(decision: Decision) -> "Point | None":
    from lamina.assessment.report.trend import Point

    try:
        point = Point.model_validate(decision.facts["figures"])
    except (KeyError, ValidationError):  # of an earlier version of Lamina, or no verdict
        return None
    return point.model_copy(update={"decision": decision.action})


def _of_reports(pod: Pod, layers: Sequence[str]) -> dict[str, list["Point"]]:
    """Each file of these layers once, as the last report that has it says."""
    from lamina.assessment.report.trend import Point

    found: dict[str, dict[str, Point]] = {layer: {} for layer in layers}
    for files, summary in _reports(pod) if layers else ():
        for layer, points in found.items():
            file, worth = files.get(layer), summary.worth(layer)
            if file and worth:
                points.pop(file, None)
                points[file] = Point.of(worth, version=file, file=file, when=summary.made)
    return {layer: list(points.values()) for layer, points in found.items()}


def _reports(pod: Pod) -> Iterator[tuple[Mapping[str, str], "Summary"]]:
    """The latest reports of the store with their layers' files, the oldest first.

    Those that cannot be read, or that a later Lamina wrote, are none.
    """
    from lamina.assessment.assess import KIND
    from lamina.assessment.report.files import read_summary

    folders = (pod.store.root / KIND).glob("*/")
    latest = sorted(folders, key=lambda folder: folder.stat().st_mtime)[-REPORTS:]
    for folder in latest:
        with suppress(LaminaError, ValueError, OSError):
            manifest = pod.store.manifest(ArtifactRef(kind=KIND, digest=folder.name))
            yield manifest.inputs.get("layers", {}), read_summary(folder)
