"""Artifacts that a pod's store holds, their links, and their age."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.orders import CollectGarbage
from lamina.stages.pod import Pod
from lamina.store import Stage, point

DAY_S = 86_400
NOW = CollectGarbage(grace_days=0)


def make(
    pod: Pod, kind: str, name: object, facts: Mapping[str, Any] | None = None, **inputs: object
) -> ArtifactRef:
    """An artifact that was made of these inputs."""

    def fill(folder: Path) -> Mapping[str, Any]:
        (folder / "adapter.gguf").write_text(f"{kind} {name} " + "x" * 1000)
        return facts or {}

    return pod.store.once(kind, Stage(kind, 1), {"name": name, **inputs}, fill)


def version(pod: Pod, number: int, **inputs: object) -> ArtifactRef:
    return make(pod, "lora-gguf", number, {"passport": {"layer": "Leases"}}, **inputs)


def link(pod: Pod, ref: ArtifactRef, name: str = "output/peft/Leases") -> None:
    point(pod.workspace.root / name, pod.store.path(ref))


def age(pod: Pod, days: float) -> None:
    """Everything in the store was last touched so long ago; artifacts' files count by content."""
    then = time.time() - days * DAY_S
    for path in (pod.store.root, *pod.store.root.rglob("*")):
        if path.name != "adapter.gguf":
            os.utime(path, (then, then), follow_symlinks=False)


def left(pod: Pod, *refs: ArtifactRef) -> list[bool]:
    return [pod.store.path(ref).exists() for ref in refs]
