"""A person's word on what waits for it: versions that proved to be worth it, held until then.

`publishing.decide` holds it so where `LAMINA_APPROVAL_HOURS` is set. Prefect's form and the command
line end up here; who comes second finds nothing that waits.
"""

from lamina.artifacts import ArtifactRef
from lamina.errors import NotFoundError
from lamina.stages import versions
from lamina.stages.fleet import hear
from lamina.stages.pod import Pod
from lamina.stages.versions import Version
from lamina.stages.views import KIND, who


def waiting(pod: Pod, layer: str = "", version: str = "") -> list[Version]:
    """The versions that wait for a person: all, or those of a layer whose digest begins so."""
    found = versions.versions(pod, [layer] if layer else [])
    return [
        one
        for one in found
        if one.state == "waiting for approval" and one.digest.startswith(version)
    ]


def approve(pod: Pod, layer: str, version: str = "", *, by: str = "") -> ArtifactRef:
    """Promote the version that waits; its reference.

    Raises:
        NotFoundError: none waits, or more than one.

    """
    one = _the_one(pod, layer, version)
    gguf = ArtifactRef(kind=KIND, digest=one.digest)
    facts = {name: value for name, value in _facts(one).items() if name != "waits"}
    why = f"approved by {by or who()}. {one.decision.why if one.decision else ''}"
    versions.promote(pod, layer, gguf, why, facts)
    return gguf


def decline(pod: Pod, layer: str, version: str = "", *, why: str) -> ArtifactRef:
    """Hold the version that waits, for good and for this reason; its reference.

    Raises:
        NotFoundError: none waits, or more than one.

    """
    one = _the_one(pod, layer, version)
    gguf = ArtifactRef(kind=KIND, digest=one.digest)
    kept = {name: value for name, value in _facts(one).items() if name == "figures"}
    versions.hold(pod, layer, gguf, why, kept)  # without a verdict, which could be another one day
    return gguf


def _the_one(pod: Pod, layer: str, version: str) -> Version:
    hear(pod)  # it may have been decided upon on another pod
    found = waiting(pod, layer, version)
    if len(found) != 1:
        how_many = "more than one version" if found else "no version"
        named = f" that begins with {version}" if version else ""
        msg = f"{how_many} of {layer}{named} waits for approval; `lamina versions` lists all"
        raise NotFoundError(msg)
    return found[0]


def _facts(one: Version) -> dict[str, object]:
    return dict(one.decision.facts) if one.decision else {}
