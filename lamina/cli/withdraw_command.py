"""A document, or a layer, is taken back."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lamina.cli.front import Choice, command
from lamina.cli.shared import finish, open_pod
from lamina.errors import InvalidInputError
from lamina.summary import Summary

if TYPE_CHECKING:
    from lamina.stages.withdrawing import Plan


@command("withdraw", "This pod", 'withdraw Leases/a.pdf --why "the licence ended"')
def withdraw(  # noqa: PLR0913 - a command's options
    file: Annotated[
        str | None,
        typer.Argument(help="path or name of a document, or the beginning of its sha256"),
    ] = None,
    *,
    layer: Annotated[
        str | None, typer.Option(help="only from this layer; without a file: all of it")
    ] = None,
    why: Annotated[str, typer.Option(help="the reason, for whoever asks later")] = "asked for",
    stop: Annotated[
        bool, typer.Option("--stop", help="versions that were trained on it serve no more, at once")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="take a withdrawal back")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be done")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="do not ask before a layer stops serving")
    ] = False,
) -> None:
    """Take a document out of corpus, archive and depot, on all pods; its layers are due again."""
    from lamina.stages import withdrawing

    with open_pod() as pod:
        if undo:
            if file is None:
                msg = "name the document whose withdrawal is to be taken back"
                raise InvalidInputError(msg)
            back = withdrawing.restore(pod, file, layer, why)
            if Choice.as_json:
                print(json.dumps({"restored": back}))
                return
            print(f"{', '.join(back)}: withdrawn no more")
            finish(Summary(next=("lamina train_layers --plan",)))
            return
        wanted = withdrawing.plan(pod, file, layer, stop=stop)
        if not Choice.as_json:
            _tell(wanted)
        if dry_run:
            print(wanted.model_dump_json(indent=1) if Choice.as_json else "nothing was done")
            return
        _ask(wanted, sure=yes)
        done = withdrawing.withdraw(pod, wanted, why)
    if Choice.as_json:
        print(json.dumps(done.model_dump(mode="json"), indent=1))
        return
    if done.moved:
        print(f"{', '.join(done.moved)}: moved to data/withdrawn")
    if done.left_depot:
        print(f"{', '.join(done.left_depot)}: not in the depot any more")
    finish(Summary(next=tuple(f"lamina train_layers {name}" for name in wanted.due)))


def _tell(wanted: "Plan") -> None:
    for one in wanted.documents:
        print(f"{one.layer}/{one.name} ({one.digest[:12]}) is withdrawn")
    for one in wanted.already:
        print(f"{one.layer}/{one.name} ({one.digest[:12]}) was withdrawn before")
    for layer, versions in wanted.versions.items():
        told = ", ".join(digest[:12] for digest in versions)
        print(f"{layer}: trained on it were the versions {told}")
    for layer, versions in wanted.stops.items():
        told = ", ".join(digest[:12] for digest in versions)
        print(f"{layer}: {told} serve no more")


def _ask(wanted: "Plan", *, sure: bool) -> None:
    """A person says yes where something stops serving."""
    if not wanted.stops or sure:
        return
    layers = ", ".join(wanted.stops)
    if not sys.stdin.isatty():
        msg = f"this takes versions of {layers} out of service on all pods; say so with --yes"
        raise InvalidInputError(msg)
    typer.confirm(f"Take versions of {layers} out of service on all pods?", abort=True, err=True)
