"""A promotion that waits for a person: it stands as a hold until somebody says otherwise.

So whoever asks may die or be forgotten: what nobody approved in time is held, and says so.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.handover.versions import Decision
from lamina.stages import handover
from lamina.stages.pod import Pod

WAITING = {"waits": "approval"}  # facts of the hold


def is_asked(pod: Pod) -> bool:
    """Whether promotions wait for a person here."""
    return pod.settings.approval_hours > 0


def put_off(pod: Pod, layer: str, gguf: ArtifactRef, why: str, facts: Mapping[str, Any]) -> str:
    """Hold what could serve until a person says so; what is told of it."""
    until = datetime.now(UTC) + timedelta(hours=pod.settings.approval_hours)
    said = (
        f"waits for a person until {until:%Y-%m-%d %H:%M} UTC, in Prefect's UI or by "
        f"`lamina promote {layer} {gguf.digest[:12]}`, and is held. {why}"
    )
    handover.hold(pod, layer, gguf, said, {**facts, **WAITING})
    return said


def waits(pod: Pod, layer: str, version: str) -> bool:
    """Whether this version still waits; nobody has decided otherwise, and none came after it."""
    return _waiting(pod, layer, version) is not None


def answer(pod: Pod, layer: str, version: str, *, serves: bool, why: str) -> str:
    """A person's word on a version that waits; what came of it.

    Raises:
        NotFoundError: the version is not on this pod.

    """
    waiting = _waiting(pod, layer, version)
    if waiting is None:
        return f"{layer} {version} waits no more: it was decided upon meanwhile"
    facts = {name: fact for name, fact in waiting.facts.items() if name not in WAITING}
    gguf = handover.find_version(pod, layer, version)
    word = f"{'approved' if serves else 'refused'} by a person" + (f": {why}" if why else "")
    (handover.promote if serves else handover.hold)(pod, layer, gguf, word, facts)
    return f"{'promoted' if serves else 'held'}: {word}"


def _waiting(pod: Pod, layer: str, version: str) -> Decision | None:
    """The hold in which it waits: the last word on it, and no other version came after it."""
    said = handover.decisions(pod, layer)
    of_it = [index for index, one in enumerate(said) if one.digest.startswith(version)]
    if not of_it or not _waits(said[of_it[-1]]):
        return None
    overtaken = any(one.action != "hold" or _waits(one) for one in said[of_it[-1] + 1 :])
    return None if overtaken else said[of_it[-1]]


def _waits(one: Decision) -> bool:
    return one.action == "hold" and WAITING.items() <= one.facts.items()
