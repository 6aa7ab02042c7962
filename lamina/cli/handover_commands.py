"""Layers and the base go from pod to pod, and from version to version."""

import json
from typing import Annotated

import typer

from lamina.cli.shared import Choice, Layers, app, open_pod, print_table

Names = Annotated[
    list[str] | None, typer.Argument(help="layers, or `base`; none = all that are published")
]


@app.command("push")
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


@app.command("pull")
def pull(names: Names = None) -> None:
    """Take layers and the base out of the depot; layers wait in output/candidates."""
    from lamina.stages import handover

    wanted = [
        name if name == handover.BASE else f"{handover.LAYERS}/{name}" for name in names or []
    ]
    with open_pod() as pod:
        fetched = handover.pull(pod, wanted or handover.pullable(pod) or [handover.LAYERS])
        for name, head in fetched.heads.items():
            handover.place(pod, name, head)
    if Choice.as_json:
        print(fetched.model_dump_json(indent=1))
        return
    moved = f"{fetched.files_fetched} files, {fetched.bytes_fetched:,} bytes fetched"
    print(f"{', '.join(fetched.heads)}: {moved}")


@app.command("versions")
def versions(layers: Layers = None) -> None:
    """What serves, what served before, and what was held, with the reason."""
    from lamina.stages import handover

    with open_pod() as pod:
        found = handover.versions(pod, layers or [])
    if Choice.as_json:
        print(json.dumps([one.model_dump(mode="json") for one in found], indent=1))
        return
    print_table(
        [
            {
                "layer": one.layer,
                "version": one.digest[:12],
                "state": one.state,
                "since": f"{one.decision.time:%Y-%m-%d %H:%M}" if one.decision else "",
                "why": one.decision.why if one.decision else "",
            }
            for one in found
        ]
    )


@app.command("promote")
def promote(
    layer: Annotated[str, typer.Argument(help="layer")],
    version: Annotated[
        str, typer.Argument(help="beginning of a version's digest; none = the one that waits")
    ] = "",
) -> None:
    """Let a version serve without asking for a verdict, also one that was held."""
    from lamina.stages import handover

    with open_pod() as pod:
        ref = handover.find_version(pod, layer, version)
        handover.promote(pod, layer, ref, "asked for on the command line")
    print(f"{layer} is served by version {ref.digest[:12]}")


@app.command("rollback")
def rollback(layer: str) -> None:
    """The version that served before takes the layer's place again."""
    from lamina.stages import handover

    with open_pod() as pod:
        ref = handover.rollback(pod, layer)
    print(f"{layer} is served by version {ref.digest[:12]} again")
