"""Whether this pod is well, and its server."""

import json
import sys
from typing import Annotated, Any

import typer

from lamina.cli.front import Choice, Command, command
from lamina.cli.shared import open_pod, pod_settings
from lamina.errors import NotFoundError


@command("doctor", "This pod", "doctor")
def doctor(
    *,
    swap: Annotated[
        bool,
        typer.Option(
            "--swap", help="only have the running server prove that a swap leaves nothing behind"
        ),
    ] = False,
) -> None:
    """Check this pod: one line a finding, with the remedy."""
    from lamina.doctor import examine, examine_swap
    from lamina.workspace import Workspace

    chosen = pod_settings()
    findings = [examine_swap(chosen)] if swap else examine(chosen, Workspace(chosen))
    if Choice.as_json:
        print(json.dumps([finding.model_dump(mode="json") for finding in findings], indent=1))
    for finding in () if Choice.as_json else findings:
        remedy = f" -> {finding.remedy}" if finding.remedy else ""
        print(f"{finding.level:8} {finding.name:24} {finding.sentence}{remedy}")
    if any(finding.level == "problem" for finding in findings):
        raise typer.Exit(1)


class _Serve(Command):
    """Shows the server's own flags below the command's."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - Typer's own types
        """Both, the server's from its own parser; llama.cpp is not loaded."""
        from lamina.serving.__main__ import parser

        super().format_help(ctx, formatter)
        flags = parser(pod_settings())
        shown = flags._get_formatter()  # noqa: SLF001 - argparse formats no part alone
        shown.start_section("Flags of the server (those of `python -m lamina.serving`)")
        shown.add_arguments(flags._actions[1:])  # noqa: SLF001 - the same; -h stands above
        shown.end_section()
        print(shown.format_help())


@command(
    "serve",
    "Serve and measure",
    "serve --port 5001 --n_ctx 8192",
    cls=_Serve,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def serve(
    context: typer.Context,
    *,
    wait_for_base: Annotated[
        bool, typer.Option("--wait-for-base", help="until it is here, or can be fetched")
    ] = False,
) -> None:
    """Serve the base and all layers, until interrupted."""
    import os

    from lamina.stages import handover
    from lamina.workspace import Workspace

    chosen = pod_settings()
    workspace = Workspace(chosen).make()
    model = workspace.base_gguf(chosen)
    if "--model" not in context.args and not model.exists():
        if not wait_for_base:
            msg = f"there is no base to serve at {model}; {workspace.without_base()}"
            raise NotFoundError(msg)
        with open_pod() as pod:
            handover.await_base(pod)
    flags = (
        ("--model", model),
        ("--adapters-dir", workspace.adapters_gguf),
        ("--allowed-root", workspace.store.root),
        ("--allowed-root", workspace.adapters_peft),
        ("--host", chosen.host),
        ("--port", chosen.port),
        ("--n_ctx", chosen.n_ctx),
        ("--n_threads", chosen.n_threads),
    )
    given = [str(part) for flag in flags if flag[0] not in context.args for part in flag]
    debug = ["--debug"] if Choice.debug else []
    os.environ["LAMINA_WORKSPACE"] = str(workspace.root)  # also where --workspace named it
    command = [sys.executable, "-m", "lamina.serving", *given, *debug, *context.args]
    os.execv(sys.executable, command)  # noqa: S606 - the server takes this process's place
