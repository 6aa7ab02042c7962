"""Keeping a pod's store, and the depot, small."""

from typing import Annotated

import typer

from lamina.cli.front import Choice, command
from lamina.cli.shared import finish, open_pod, order
from lamina.summary import Summary


@command("gc", "This pod", "gc --dry-run")
def gc(
    *,
    depot: Annotated[
        bool, typer.Option("--depot", help="clean the depot instead of this pod's store")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option(help="say what would be removed, remove nothing")
    ] = False,
    keep: Annotated[int, typer.Option(help="versions of a layer that stay")] = 3,
    grace_days: Annotated[
        float, typer.Option(help="days that an artifact stays after its last use")
    ] = 7.0,
) -> None:
    """Remove from the store what no link, no kept version and no recent use reaches.

    With --depot from the depot: what no name, no version to go back to and no recent push reaches.
    """
    from lamina.orders import CollectGarbage
    from lamina.stages import upkeep
    from lamina.terminal import print_table

    asked = order(CollectGarbage, keep=keep, grace_days=grace_days, depot=depot, dry_run=dry_run)
    with open_pod() as pod:
        found = upkeep.gc(pod, asked)
    if Choice.as_json:
        print(found.model_dump_json(indent=1))
        return
    print_table(upkeep.table(found))
    finish(Summary(next=("lamina gc" if dry_run else "lamina doctor",)))
