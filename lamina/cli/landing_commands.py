"""The watcher of the inbox."""

from typing import Annotated

import typer

from lamina.cli.front import Choice, command
from lamina.cli.shared import open_pod, order


@command("watch", "This pod", "watch --settle-s 10")
def watch(
    settle_s: Annotated[
        float, typer.Option(help="a file that did not change for so many seconds is whole")
    ] = 30.0,
    patience_s: Annotated[
        float, typer.Option(help="seconds that whole files wait for others that still grow")
    ] = 600.0,
    once: Annotated[bool, typer.Option("--once", help="one look, then end")] = False,
    start_pod: Annotated[
        bool, typer.Option(help="start and stop the rented GPU, where the settings name one")
    ] = True,
) -> None:
    """Announce PDFs that land in raw_pdfs, once they are whole; until interrupted.

    What was decided about layers on other pods is followed meanwhile.
    """
    from lamina.orders import WatchPdfs
    from lamina.stages import landing, rental

    asked = order(WatchPdfs, settle_s=settle_s, patience_s=patience_s)
    with open_pod() as pod:
        if once:
            turn = landing.watch_pdfs(pod, asked)
            print(turn.model_dump_json(indent=1) if Choice.as_json else "", end="")
            for line in () if Choice.as_json else landing.sentences(turn):
                print(line)
            return
        said = ""
        for line in landing.watch_forever(pod, asked, rental.keep if start_pod else None):
            if line != said:
                print(line, flush=True)
            said = line
