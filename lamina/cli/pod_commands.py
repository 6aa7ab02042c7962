"""What is in force on this pod, whether it is well, and its server."""

import json
import sys
from typing import Annotated

import typer

from lamina.cli.shared import Choice, app, pod_settings
from lamina.errors import NotFoundError


@app.command("settings")
def show_settings() -> None:
    """Print the settings in force, and where each value came from."""
    from lamina import settings as pod

    chosen = pod_settings()
    values = chosen.model_dump(mode="json")
    origins = {name: pod.origin(name) for name in values}
    if Choice.workspace:
        origins["workspace"] = "--workspace"
    if Choice.as_json:
        print(json.dumps({name: [values[name], origins[name]] for name in values}, indent=1))
        return
    for name, value in values.items():
        print(f"{name:18} {value!s:40} {origins[name]}")


@app.command("doctor")
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


@app.command("serve", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def serve(context: typer.Context) -> None:
    """Serve the base and all layers; further flags are those of `python -m lamina.serving`."""
    import os

    from lamina.workspace import Workspace

    chosen = pod_settings()
    workspace = Workspace(chosen).make()
    model = workspace.base_gguf(chosen)
    if "--model" not in context.args and not model.exists():
        msg = f"there is no base to serve at {model}; run convert_to_gguf, or set MODEL_PATH"
        raise NotFoundError(msg)
    flags = {
        "--model": model,
        "--adapters-dir": workspace.adapters_gguf,
        "--allowed-root": workspace.store.root,
        "--host": chosen.host,
        "--port": chosen.port,
        "--n_ctx": chosen.n_ctx,
        "--n_threads": chosen.n_threads,
    }
    given = [str(part) for flag in flags.items() if flag[0] not in context.args for part in flag]
    command = [sys.executable, "-m", "lamina.serving", *given, *context.args]
    os.execv(sys.executable, command)  # noqa: S606 - the server takes this process's place
