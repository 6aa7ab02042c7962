"""The command line: one subcommand a stage, named like it, and the flows that chain them.

Importing this module loads Typer only; `lamina --help` must stay instant.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lamina.errors import LaminaError

if TYPE_CHECKING:
    from lamina.artifacts import ArtifactRef
    from lamina.settings import Settings
    from lamina.stages import Pod

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Domain LoRA layers from PDFs: trained, served as blends over one base, and measured.",
)


class Choice:
    """The options that stand before the subcommand."""

    workspace: Path | None = None
    as_json: bool = False
    debug: bool = False


Layers = Annotated[list[str] | None, typer.Argument(help="layers; none = all")]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="value of the profile, such as --set epochs=5")
]
ChunkTokens = Annotated[int, typer.Option(help="longest chunk, in tokens of the base")]
Archive = Annotated[bool, typer.Option(help="move the used PDFs into the archive at the end")]


def main() -> None:
    """Entry point: errors of the user's are one sentence, without a traceback."""
    try:
        app()
    except LaminaError as error:
        if Choice.debug:
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


@app.callback()
def _options(
    workspace: Annotated[Path | None, typer.Option(help="instead of LAMINA_WORKSPACE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print results as JSON")] = False,
    debug: Annotated[bool, typer.Option(help="show tracebacks and Prefect's own log")] = False,
) -> None:
    Choice.workspace, Choice.as_json, Choice.debug = workspace, as_json, debug


# -- what is in force, and is it well ---------------------------------------------------------


@app.command("settings")
def show_settings() -> None:
    """Print the settings in force, and where each value came from."""
    from lamina import settings as pod

    chosen = _settings()
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
def doctor() -> None:
    """Check this pod: one line a finding, with the remedy."""
    from lamina.doctor import examine
    from lamina.workspace import Workspace

    settings = _settings()
    findings = examine(settings, Workspace(settings))
    if Choice.as_json:
        print(json.dumps([finding.model_dump(mode="json") for finding in findings], indent=1))
    for finding in () if Choice.as_json else findings:
        remedy = f" -> {finding.remedy}" if finding.remedy else ""
        print(f"{finding.level:8} {finding.name:24} {finding.sentence}{remedy}")
    if any(finding.level == "problem" for finding in findings):
        raise typer.Exit(1)


# -- stages -----------------------------------------------------------------------------------


@app.command("pdf_pretest")
def pdf_pretest() -> None:
    """Read and judge every PDF; writes data/processed/pdf_pretest.json."""
    from lamina import stages

    with _pod() as pod:
        documents = stages.find_documents(pod)
        verdicts = stages.pdf_pretest(pod, documents)
        view = stages.publish_verdicts(pod, documents, verdicts)
        rows = stages.verdict_table(pod, documents, verdicts)
    if Choice.as_json:
        print(view.read_text())
        return
    _table(rows)
    print(view)


@app.command("build_dataset")
def build_dataset(layers: Layers = None, chunk_tokens: ChunkTokens = 512) -> None:
    """Chunk the accepted PDFs into train.jsonl and heldout.jsonl."""
    from lamina import stages

    with _pod() as pod:
        datasets = _datasets(pod, layers or [], chunk_tokens)
        stages.publish_datasets(pod, list(datasets.values()))
        manifests = {name: pod.store.manifest(ref) for name, ref in datasets.items()}
    facts = {name: {**manifest.facts} for name, manifest in manifests.items()}
    if Choice.as_json:
        print(json.dumps(facts, indent=1))
        return
    columns = ("train_rows", "heldout_rows", "tokens")
    _table([{"layer": name, **{key: one[key] for key in columns}} for name, one in facts.items()])


def _train_level(level: str, values: list[str] | None, chunk_tokens: int) -> None:
    from lamina import stages
    from lamina.training.plan import profile

    chosen = profile(level, **_assignments(values))
    with _pod() as pod:
        base = stages.find_base(pod)
        parts = _datasets(pod, [], chunk_tokens)
        whole = stages.combine_datasets(pod, list(parts.values()))
        adapter = stages.train_layer(pod, level, whole, base, chosen)
        stages.publish_adapter(pod, level, adapter)
        _print_ref(pod, adapter)


@app.command("train_level1")
def train_level1(values: Set = None, chunk_tokens: ChunkTokens = 512) -> None:
    """Train level1 (r=8 on q,v, lr 2e-4) on the whole corpus."""
    _train_level("level1", values, chunk_tokens)


@app.command("train_level2")
def train_level2(values: Set = None, chunk_tokens: ChunkTokens = 512) -> None:
    """Train level2 (r=16 on q,k,v,o, lr 1e-4) on the whole corpus."""
    _train_level("level2", values, chunk_tokens)


@app.command("train_level3")
def train_level3(values: Set = None, chunk_tokens: ChunkTokens = 512) -> None:
    """Train level3 (r=16 on q,k,v,o, lr 5e-5) on the whole corpus."""
    _train_level("level3", values, chunk_tokens)


@app.command("export_layers")
def export_layers(layers: Layers = None) -> None:
    """Turn trained layers into GGUF, with their passports inside."""
    from lamina import stages

    with _pod() as pod:
        adapters = stages.trained_layers(pod, layers or [])
        files = stages.export_layers(pod, list(adapters.values()))
        stages.publish_layers(pod, adapters, files)
        for name in adapters:
            print(pod.workspace.adapters_gguf / f"{name}.gguf")


@app.command("merge_level")
def merge_level(
    levels: Annotated[
        list[str] | None, typer.Argument(help="none = the best held-out loss")
    ] = None,
) -> None:
    """Merge levels into the base, under peft/merged."""
    from lamina import stages

    with _pod() as pod:
        base = stages.find_base(pod)
        names, merged = stages.merge_best(pod, base, levels or [])
        print(f"{pod.workspace.merged} holds {', '.join(names)}")
        _print_ref(pod, merged)


@app.command("convert_to_gguf")
def convert_to_gguf(
    merged: Annotated[bool, typer.Option(help="the model under peft/merged, not the base")] = False,
) -> None:
    """Convert the base (or the merged model) to GGUF, quantized to Q4_K_M."""
    from lamina import stages

    with _pod() as pod:
        if merged:
            print(stages.convert_published_merge(pod))
        else:
            print(stages.publish_base(pod, stages.convert_base(pod, stages.find_base(pod))))


@app.command("archive_pdfs")
def archive_pdfs() -> None:
    """Move the PDFs that published layers were trained on into the archive."""
    from lamina import stages

    with _pod() as pod:
        report = stages.archive_published(pod, stages.find_documents(pod))
    if Choice.as_json:
        print(report.model_dump_json(indent=1))
        return
    print(f"{len(report.moved)} moved, {report.kept} left where they are")


# -- flows ------------------------------------------------------------------------------------


@app.command("train_layers")
def train_layers(
    layers: Layers = None,
    *,
    profile: Annotated[str, typer.Option(help="level1, level2, level3 or demo")] = "level2",
    values: Set = None,
    chunk_tokens: ChunkTokens = 512,
    archive: Archive = True,
) -> None:
    """From PDFs to one published layer a topic (a flow)."""
    order = {
        "layers": layers or [],
        "profile": profile,
        "overrides": _assignments(values),
        "chunk_tokens": chunk_tokens,
        "archive": archive,
    }
    _run_flow("train_layers", order)


@app.command("train_all")
def train_all(
    merge: Annotated[list[str] | None, typer.Option(help="levels to merge; none = best")] = None,
    values: Set = None,
    chunk_tokens: ChunkTokens = 512,
    archive: Archive = True,
) -> None:
    """From PDFs to the three levels, and the best one merged and quantized (a flow)."""
    order = {
        "merge": merge or [],
        "overrides": _assignments(values),
        "chunk_tokens": chunk_tokens,
        "archive": archive,
    }
    _run_flow("train_all", order)


@app.command("qa_layers")
def qa_layers(
    layers: Layers = None,
    blend: Annotated[list[str] | None, typer.Option(help="such as Leases:0.6+Debt:0.4")] = None,
    server_url: Annotated[str | None, typer.Option(help="none = the pod's own server")] = None,
    max_tokens: Annotated[int, typer.Option(help="longest answer, in tokens")] = 64,
) -> None:
    """Ask every layer and blend, and say what each is worth against the base (a flow)."""
    order = {
        "layers": layers or [],
        "blends": blend or [],
        "server_url": server_url,
        "max_tokens": max_tokens,
    }
    _run_flow("qa_layers", order)


@app.command("demo")
def demo(
    prove_cache: Annotated[
        bool, typer.Option(help="run again unchanged, and again with one PDF added")
    ] = False,
) -> None:
    """The main job on the embedded base and sample handbooks: a table of what layers are worth."""
    Choice.workspace = Choice.workspace or Path("workspace-demo")
    _run_flow("demo", {"prove_cache": prove_cache}, base_model=Path("tiny"))


# -- serving ----------------------------------------------------------------------------------


@app.command("serve", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def serve(context: typer.Context) -> None:
    """Serve the base and all layers; further flags are those of `python -m lamina.serving`."""
    import os

    from lamina.workspace import Workspace

    settings = _settings()
    workspace = Workspace(settings)
    flags = {
        "--model": workspace.base_gguf(settings),
        "--adapters-dir": workspace.adapters_gguf,
        "--allowed-root": workspace.store.root,
        "--host": settings.host,
        "--port": settings.port,
        "--n_ctx": settings.n_ctx,
        "--n_threads": settings.n_threads,
    }
    chosen = [str(part) for flag in flags.items() if flag[0] not in context.args for part in flag]
    command = [sys.executable, "-m", "lamina.serving", *chosen, *context.args]
    os.execv(sys.executable, command)  # noqa: S606 - the server takes this process's place


# -- what the commands share ------------------------------------------------------------------


def _settings(**overrides: Any) -> "Settings":  # noqa: ANN401 - any field of the settings
    from lamina import settings

    if Choice.workspace:
        overrides["workspace"] = Choice.workspace
    return settings.load(**overrides)


@contextmanager
def _pod() -> Iterator["Pod"]:
    from lamina.progress import on_terminal
    from lamina.stages import Pod
    from lamina.workspace import Workspace

    settings = _settings()
    with on_terminal() as progress:
        yield Pod(settings, Workspace(settings).make(), progress)


def _datasets(pod: "Pod", wanted: list[str], chunk_tokens: int) -> dict[str, "ArtifactRef"]:
    from lamina import stages
    from lamina.verdicts import read_verdicts

    base = stages.find_base(pod)
    documents = stages.find_documents(pod)
    verdicts = stages.pdf_pretest(pod, documents)
    stages.publish_verdicts(pod, documents, verdicts)
    names = stages.chosen_layers(read_verdicts(pod.store, verdicts), wanted)
    return {name: stages.build_dataset(pod, verdicts, name, base, chunk_tokens) for name in names}


def _run_flow(name: str, order: Mapping[str, object], **overrides: object) -> None:
    from lamina.orchestrate import run_flow

    raise typer.Exit(run_flow(name, order, _settings(**overrides), debug=Choice.debug))


def _assignments(values: list[str] | None) -> dict[str, Any]:
    """`epochs=5` as {"epochs": 5}: JSON where it is JSON, else text."""
    from lamina.errors import InvalidInputError

    chosen: dict[str, Any] = {}
    for value in values or []:
        name, sign, text = value.partition("=")
        if not sign:
            msg = f"--set {value} has no value; write --set name=value"
            raise InvalidInputError(msg)
        try:
            chosen[name] = json.loads(text)
        except ValueError:
            chosen[name] = text
    return chosen


def _print_ref(pod: "Pod", ref: "ArtifactRef") -> None:
    print(json.dumps(ref.model_dump()) if Choice.as_json else pod.store.path(ref))


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    if not rows:
        return
    table = Table(*rows[0], box=None, header_style="bold")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)
