"""Layers and the base go from pod to pod, and from version to version."""

import json
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lamina.cli.front import Choice, command
from lamina.cli.shared import Layers, finish, open_pod
from lamina.summary import Made, Summary

if TYPE_CHECKING:
    from lamina.artifacts import ArtifactRef
    from lamina.handover.heads import Head
    from lamina.stages.pod import Pod
    from lamina.stages.versions import Version

MOVE: Final = "From pod to pod"

Names = Annotated[
    list[str] | None, typer.Argument(help="layers, or `base`; none = all that are published")
]


@command("push", MOVE, "push Leases base")
def push(
    names: Names = None,
    *,
    again: Annotated[
        bool, typer.Option(help="send also what seems to be there: repairs a damaged depot")
    ] = False,
) -> None:
    """Put published layers and the base into the depot; only what is missing travels."""
    from lamina.stages import handover

    wanted = names or []
    layers = [name for name in wanted if name != handover.BASE]
    with open_pod() as pod:
        heads = handover.published_heads(pod, layers, base=not wanted or handover.BASE in wanted)
        if wanted and not layers:
            heads = {handover.BASE: heads[handover.BASE]}
        sent = handover.push(pod, heads, again=again)
    if Choice.as_json:
        print(json.dumps({"names": sorted(heads), **sent.model_dump()}, indent=1))
        return
    print(f"{', '.join(heads)}: {sent.files_sent} files, {sent.bytes_sent:,} bytes sent")
    finish(Summary(next=("lamina publish_layers (on the pod that serves)",)))


@command("pull", MOVE, "pull Leases")
def pull(names: Names = None) -> None:
    """Take layers, the base and what was decided out of the depot.

    What serves elsewhere serves here, too; new layers wait in output/candidates.
    """
    from lamina.stages import fleet, handover

    wanted = [
        name if name == handover.BASE else f"{handover.LAYERS}/{name}" for name in names or []
    ]
    with open_pod() as pod:
        followed = fleet.follow(pod)
        fetched = handover.pull(pod, wanted or handover.pullable(pod) or [handover.LAYERS])
        for name, head in fetched.heads.items():
            handover.place(pod, name, head)
        made = tuple(_placed(pod, name, head) for name, head in fetched.heads.items())
    if Choice.as_json:
        news = {"followed": [one.model_dump() for one in followed]}
        print(json.dumps(fetched.model_dump(mode="json") | news, indent=1))
        return
    for one in followed:
        print(one.sentence)
    moved = f"{fetched.files_fetched} files, {fetched.bytes_fetched:,} bytes fetched"
    print(f"{', '.join(fetched.heads)}: {moved}")
    finish(Summary(made, next=("lamina publish_layers", "lamina promote LAYER")))


def _placed(pod: "Pod", name: str, head: "Head") -> Made:
    """Where a fetched thing lies now: in its place, or waiting for its verdict."""
    from lamina.stages.handover import BASE, LAYERS

    layer = name.removeprefix(f"{LAYERS}/")
    waits = pod.workspace.candidates / f"{layer}.gguf"
    views = [pod.workspace.base_gguf(pod.settings)] if name == BASE else [waits]
    places = [view for view in views if view.exists()] or [pod.store.path(head.refs["gguf"])]
    return Made(layer, places[0])


@command("versions", MOVE, "versions Leases")
def versions(layers: Layers = None) -> None:
    """What serves, what served before, and what was held, with the reason."""
    from lamina.stages import handover
    from lamina.terminal import print_table

    with open_pod() as pod:
        found = handover.versions(pod, layers or [])
    if Choice.as_json:
        print(json.dumps([one.model_dump(mode="json") for one in found], indent=1))
        return
    if not found:
        print("no version of a layer is here yet; run train_layers, or pull")
    print_table(
        [
            {
                "layer": one.layer,
                "version": one.digest[:12],
                "state": one.state,
                "since": f"{one.decision.time:%Y-%m-%d %H:%M}" if one.decision else "",
                "by": one.decision.by if one.decision else "",
                "why": _why(one),
            }
            for one in found
        ]
    )


def _why(one: "Version") -> str:
    said = one.decision.why if one.decision else ""
    gone = f"trained on {', '.join(one.withdrawn)}, withdrawn since" if one.withdrawn else ""
    return "; ".join(filter(None, (gone, said)))


@command("promote", MOVE, "promote Leases 3f9a")
def promote(
    layer: Annotated[str, typer.Argument(help="layer")],
    version: Annotated[
        str, typer.Argument(help="beginning of a version's digest; none = the one that waits")
    ] = "",
) -> None:
    """Let a version serve on all pods without asking for a verdict, also one that was held."""
    from lamina.stages import handover

    with open_pod() as pod:
        ref = handover.find_version(pod, layer, version)
        handover.promote(pod, layer, ref, "asked for on the command line")
        _served(pod, layer, ref)


@command("approve", MOVE, "approve Leases")
def approve(
    layer: Annotated[str, typer.Argument(help="layer")],
    version: Annotated[
        str, typer.Argument(help="beginning of a version's digest; none = the one that waits")
    ] = "",
) -> None:
    """Let a version serve that proved to be worth it and waits for a person's word."""
    from lamina.stages import approving

    with open_pod() as pod:
        ref = approving.approve(pod, layer, version)
        _served(pod, layer, ref)


@command("rollback", MOVE, "rollback Leases")
def rollback(layer: Annotated[str, typer.Argument(help="layer")]) -> None:
    """The version that served before takes the layer's place again, on all pods."""
    from lamina.stages import handover

    with open_pod() as pod:
        ref = handover.rollback(pod, layer)
        _served(pod, layer, ref)


def _served(pod: "Pod", layer: str, ref: "ArtifactRef") -> None:
    version = {"version": ref.digest[:12]}
    made = Made(f"{layer} is served from", pod.workspace.adapters_gguf / f"{layer}.gguf", version)
    finish(Summary((made,), next=(f"lamina versions {layer}", f"lamina qa_layers {layer}")))
