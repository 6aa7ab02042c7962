"""Keeping a pod's store small."""

from typing import Annotated

import typer

from lamina.cli.shared import Choice, app, open_pod, print_table


@app.command("gc")
def gc(
    *,
    dry_run: Annotated[
        bool, typer.Option(help="say what would be removed, remove nothing")
    ] = False,
    keep: Annotated[int, typer.Option(min=1, help="versions of a layer that stay")] = 3,
    grace_days: Annotated[
        float, typer.Option(min=0, help="days that an artifact stays after its last use")
    ] = 7.0,
) -> None:
    """Remove from the store what no link, no kept version and no recent use reaches."""
    from lamina.orders import CollectGarbage
    from lamina.stages import upkeep

    with open_pod() as pod:
        order = CollectGarbage(keep=keep, grace_days=grace_days, dry_run=dry_run)
        found = upkeep.gc(pod, order)
    if Choice.as_json:
        print(found.model_dump_json(indent=1))
        return
    print_table(upkeep.table(found))
