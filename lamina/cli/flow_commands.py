"""The chains: each starts a flow, which ends with the command."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lamina.cli.shared import (
    Choice,
    ChunkTokens,
    Language,
    Layers,
    Ocr,
    OcrLanguage,
    Set,
    app,
    assignments,
    open_pod,
    pod_settings,
    print_table,
    reading,
)

if TYPE_CHECKING:
    from lamina.orders import Reading
    from lamina.training.profiles import Profile

Archive = Annotated[bool, typer.Option(help="move the used PDFs into the archive at the end")]


@app.command("train_layers")
def train_layers(  # noqa: PLR0913 - options of a command
    layers: Layers = None,
    *,
    profile: Annotated[str, typer.Option(help="level1, level2, level3 or demo")] = "level2",
    values: Set = None,
    general: Annotated[
        str, typer.Option(help="layer that general_share takes rows of")
    ] = "general",
    chunk_tokens: ChunkTokens = 512,
    language: Language = "en",
    ocr: Ocr = False,
    ocr_language: OcrLanguage = "eng",
    archive: Archive = True,
    plan: Annotated[
        bool, typer.Option("--plan", help="only say what is due and why, and what it would take")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the plan as JSON")] = False,
) -> None:
    """From PDFs to one published layer a topic (a flow)."""
    from lamina.training.profiles import profile as preset
    from lamina.workspace import checked_layer_name

    overrides = assignments(values)
    chosen = preset(profile, **overrides)  # say what cannot be before anything starts
    names = [checked_layer_name(name) for name in layers or []]
    how = reading(language, ocr, ocr_language)
    if plan:
        Choice.as_json = Choice.as_json or as_json
        _print_plan(names, chosen, chunk_tokens, general, how)
        return
    order = {
        "layers": names,
        "profile": profile,
        "overrides": overrides,
        "general": general,
        "chunk_tokens": chunk_tokens,
        "reading": how.model_dump(),
        "archive": archive,
    }
    _start("train_layers", order)


def _print_plan(
    names: list[str], profile: "Profile", chunk_tokens: int, general: str, how: "Reading"
) -> None:
    from lamina.stages.due import due_table, plan_layers

    with open_pod() as pod:
        found = plan_layers(pod, names, profile, chunk_tokens, general, how)
    if Choice.as_json:
        print(json.dumps([each.model_dump(mode="json") for each in found], indent=1))
        return
    print_table(due_table(found))


@app.command("train_all")
def train_all(  # noqa: PLR0913 - options of a command
    merge: Annotated[list[str] | None, typer.Option(help="levels to merge; none = best")] = None,
    values: Set = None,
    *,
    rate_factor: Annotated[float, typer.Option(help="times the presets' learning rates")] = 1.0,
    chunk_tokens: ChunkTokens = 512,
    language: Language = "en",
    ocr: Ocr = False,
    ocr_language: OcrLanguage = "eng",
    archive: Archive = True,
) -> None:
    """From PDFs to the three levels, and the best one merged and quantized (a flow)."""
    order = {
        "merge": merge or [],
        "rate_factor": rate_factor,
        "overrides": assignments(values),
        "chunk_tokens": chunk_tokens,
        "reading": reading(language, ocr, ocr_language).model_dump(),
        "archive": archive,
    }
    _start("train_all", order)


@app.command("qa_layers")
def qa_layers(
    layers: Layers = None,
    blend: Annotated[list[str] | None, typer.Option(help="such as Leases:0.6+Debt:0.4")] = None,
    server_url: Annotated[str | None, typer.Option(help="none = the pod's own server")] = None,
    start_server: Annotated[
        bool, typer.Option(help="start one for the run, even if another one is up")
    ] = False,
    max_tokens: Annotated[int, typer.Option(help="longest answer, in tokens")] = 64,
) -> None:
    """Ask every layer and blend, and say what each is worth against the base (a flow)."""
    order = {
        "layers": layers or [],
        "blends": blend or [],
        "server_url": server_url,
        "start_server": start_server,
        "max_tokens": max_tokens,
    }
    _start("qa_layers", order)


@app.command("publish_layers")
def publish_layers(
    layers: Annotated[
        list[str] | None, typer.Argument(help="none = all that are new in the depot")
    ] = None,
    *,
    promote_unclear: Annotated[
        bool, typer.Option(help="promote what is not clearly better than the base, too")
    ] = False,
    again: Annotated[bool, typer.Option(help="judge versions that were decided upon, too")] = False,
    max_tokens: Annotated[int, typer.Option(help="longest answer, in tokens")] = 64,
) -> None:
    """Fetch newly trained layers, check and ask them, and promote or hold each (a flow)."""
    order = {
        "layers": layers or [],
        "promote": ["better", "unclear"] if promote_unclear else ["better"],
        "again": again,
        "max_tokens": max_tokens,
    }
    _start("publish_layers", order)


@app.command("demo")
def demo(
    prove_cache: Annotated[
        bool, typer.Option(help="run again unchanged, and again with one PDF added")
    ] = False,
) -> None:
    """The main job on the embedded base and sample handbooks: a table of what layers are worth."""
    Choice.workspace = Choice.workspace or Path("workspace-demo")
    _start("demo", {"prove_cache": prove_cache}, base_model=Path("tiny"))


def _start(name: str, order: Mapping[str, object], **overrides: object) -> None:
    from lamina.orchestrate import run_flow

    run_flow(name, order, pod_settings(**overrides), debug=Choice.debug)
