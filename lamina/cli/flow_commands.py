"""The chains: each starts a flow, which ends with the command."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from lamina.cli.front import Choice, command
from lamina.cli.shared import (
    ChunkTokens,
    Language,
    Layers,
    Ocr,
    OcrLanguage,
    Set,
    assignments,
    open_pod,
    order,
    reading,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from lamina.orders import TrainLayers
    from lamina.settings import Settings
    from lamina.training.profiles import Profile

MAKE: Final = "From PDFs to layers"
MEASURE: Final = "Serve and measure"

Archive = Annotated[bool, typer.Option(help="move the used PDFs into the archive at the end")]
MaxTokens = Annotated[int, typer.Option(help="longest answer, in tokens")]


def _known_profiles(incomplete: str) -> list[str]:
    """For the shell's completion."""
    from lamina.training.profiles import PRESETS

    return [name for name in PRESETS if name.startswith(incomplete)]


@command("train_layers", MAKE, "train_layers Leases Debt --set epochs=5 --plan")
def train_layers(  # noqa: PLR0913 - options of a command
    layers: Layers = None,
    *,
    profile: Annotated[
        str,
        typer.Option(
            help="a way of training: `lamina profiles` shows them", autocompletion=_known_profiles
        ),
    ] = "layer",
    values: Set = None,
    sweep: Annotated[
        bool,
        typer.Option("--sweep", help="try other rates and ranks first, on a share of the steps"),
    ] = False,
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
) -> None:
    """From PDFs to one published layer a topic (a flow)."""
    from lamina.cli import preflight
    from lamina.orders import TrainLayers
    from lamina.training.profiles import profile as preset
    from lamina.workspace import checked_layer_name

    chosen = preset(profile, **assignments(values))
    asked = order(
        TrainLayers,
        layers=[checked_layer_name(name) for name in layers or []],
        profile=profile,
        overrides=assignments(values),
        sweep=sweep,
        general=general,
        chunk_tokens=chunk_tokens,
        reading=reading(language, ocr, ocr_language),
        archive=archive,
    )
    if plan:
        _print_plan(asked, chosen)
        return
    _start("train_layers", asked, preflight.for_training(asked.layers))


def _print_plan(asked: "TrainLayers", profile: "Profile") -> None:
    from lamina.stages.due import due_table, plan_layers
    from lamina.terminal import print_table

    with open_pod() as pod:
        found = plan_layers(
            pod, asked.layers, profile, asked.chunk_tokens, asked.general, asked.reading,
            sweep=asked.sweep, ladder=asked.check_parity,
        )  # fmt: skip
    if Choice.as_json:
        print(json.dumps([each.model_dump(mode="json") for each in found], indent=1))
        return
    print_table(due_table(found))


@command("train_all", MAKE, "train_all --merge level2 --set epochs=1")
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
    from lamina.cli import preflight
    from lamina.orders import TrainAll
    from lamina.stages.levels import check_merge, whole_corpus
    from lamina.training.profiles import profile

    asked = order(
        TrainAll,
        merge=merge or [],
        rate_factor=rate_factor,
        overrides=assignments(values),
        chunk_tokens=chunk_tokens,
        reading=reading(language, ocr, ocr_language),
        archive=archive,
    )
    check_merge(asked.levels, asked.merge)
    for level in asked.levels:
        whole_corpus(profile(level, **asked.overrides).with_rate(asked.rate_factor))
    _start("train_all", asked, preflight.for_training([]))


@command("qa_layers", MEASURE, "qa_layers Leases --blend Leases:0.6+Debt:0.4")
def qa_layers(  # noqa: PLR0913 - options of a command
    layers: Layers = None,
    *,
    blend: Annotated[list[str] | None, typer.Option(help="such as Leases:0.6+Debt:0.4")] = None,
    server_url: Annotated[str | None, typer.Option(help="none = the pod's own server")] = None,
    start_server: Annotated[
        bool, typer.Option(help="start one for the run, even if another one is up")
    ] = False,
    auto: Annotated[bool, typer.Option(help="ask whom the server finds, too")] = True,
    max_tokens: MaxTokens = 64,
    against: Annotated[
        Path | None,
        typer.Option(help="another report, by its folder or summary.json: say what changed"),
    ] = None,
) -> None:
    """Ask every layer and blend, and say what each is worth against the base (a flow)."""
    from lamina.cli import preflight
    from lamina.orders import AskLayers

    asked = order(
        AskLayers,
        layers=layers or [],
        blends=blend or [],
        server_url=server_url,
        start_server=start_server,
        auto=auto,
        max_tokens=max_tokens,
        against=str(against.absolute()) if against else None,
    )
    _start("qa_layers", asked, preflight.for_asking(asked))


@command("publish_layers", MEASURE, "publish_layers Leases --promote-unclear")
def publish_layers(
    layers: Annotated[
        list[str] | None, typer.Argument(help="none = all that are new in the depot, or made here")
    ] = None,
    *,
    promote_unclear: Annotated[
        bool, typer.Option(help="promote what is not clearly better than the base, too")
    ] = False,
    promote_untested: Annotated[
        bool, typer.Option(help="promote what there is too little evidence on, too")
    ] = False,
    again: Annotated[bool, typer.Option(help="judge versions that were decided upon, too")] = False,
    max_tokens: MaxTokens = 64,
) -> None:
    """Fetch newly trained layers, check and ask them, and promote or hold each (a flow).

    Without a depot those are judged that were made on this machine.
    """
    from lamina.cli import preflight
    from lamina.orders import PublishLayers

    asked = order(
        PublishLayers,
        layers=layers or [],
        promote=[
            "promoted",
            *(["unclear"] if promote_unclear else []),
            *(["too little evidence"] if promote_untested else []),
        ],
        again=again,
        max_tokens=max_tokens,
    )
    _start("publish_layers", asked, preflight.for_publishing(asked.layers))


@command("demo", MAKE, "demo --prove-cache")
def demo(
    base: Annotated[
        str, typer.Option(help="tiny, the embedded one, or smollm2, a real one from PyPI")
    ] = "tiny",
    *,
    prove_cache: Annotated[
        bool, typer.Option(help="run again unchanged, and again with one PDF added")
    ] = False,
) -> None:
    """The main job on sample handbooks: a table of what layers are worth."""
    from lamina.cli import preflight
    from lamina.demo.profile import LESSONS
    from lamina.orders import Demo

    asked = order(Demo, base=base, prove_cache=prove_cache)
    Choice.workspace = Choice.workspace or LESSONS[asked.base].workspace
    _start("demo", asked, preflight.for_demo(asked.base))


def _start(name: str, asked: "BaseModel", settings: "Settings") -> NoReturn:
    from lamina.orchestrate import run_flow

    values = asked.model_dump(mode="json")
    run_flow(name, values, settings, debug=Choice.debug, as_json=Choice.as_json)
