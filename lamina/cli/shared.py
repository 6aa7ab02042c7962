"""What the commands share: the options before them, the pod they act on, how they print."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lamina.errors import InvalidInputError

if TYPE_CHECKING:
    from lamina.artifacts import ArtifactRef
    from lamina.orders import Reading
    from lamina.settings import Settings
    from lamina.stages.pod import Pod

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Domain LoRA layers from PDFs: trained, served as blends over one base, and measured.",
)

Layers = Annotated[list[str] | None, typer.Argument(help="layers; none = all")]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="value of the profile, such as --set epochs=5")
]
ChunkTokens = Annotated[int, typer.Option(help="longest chunk, in tokens of the base")]
Language = Annotated[str, typer.Option(help="of the documents, such as de; any = every one")]
Ocr = Annotated[bool, typer.Option(help="read pages that are pictures with Tesseract; slow")]
OcrLanguage = Annotated[str, typer.Option(help="Tesseract's name for it, such as deu or eng+fra")]


class Choice:
    """The options that stand before the subcommand."""

    workspace: Path | None = None
    as_json: bool = False
    debug: bool = False


def pod_settings(**overrides: Any) -> "Settings":  # noqa: ANN401 - any field of the settings
    """The settings in force, with what the command line says about them."""
    from lamina import settings

    if Choice.workspace:
        overrides["workspace"] = Choice.workspace
    return settings.load(**overrides)


@contextmanager
def open_pod() -> Iterator["Pod"]:
    """This pod, with progress on the terminal."""
    from lamina.progress import on_terminal
    from lamina.stages.pod import Pod
    from lamina.workspace import Workspace

    chosen = pod_settings()
    with on_terminal() as progress:
        yield Pod(chosen, Workspace(chosen).make(), progress)


def reading(language: str, ocr: bool, ocr_language: str) -> "Reading":
    """How documents are to be read; raises InvalidInputError for a language without words."""
    from lamina.corpus.languages import function_words
    from lamina.orders import Reading

    function_words(language)  # say what cannot be before anything starts
    return Reading.model_validate({"language": language, "ocr": ocr, "ocr_language": ocr_language})


def layer_datasets(
    pod: "Pod", wanted: list[str], chunk_tokens: int, chosen: "Reading | None" = None
) -> dict[str, "ArtifactRef"]:
    """The datasets of the wanted layers (none = all), built where they are not up to date."""
    from lamina.stages import corpus
    from lamina.text.verdicts import read_verdicts

    base = corpus.find_base(pod)
    documents = corpus.find_documents(pod)
    verdicts = corpus.pdf_pretest(pod, documents, chosen)
    corpus.publish_verdicts(pod, documents, verdicts)
    known = read_verdicts(pod.store, verdicts)
    names = corpus.chosen_layers(known, wanted)
    if refused := sum(not one.recommended for one in known.verdicts):
        told = f"{refused} of {len(known.verdicts)} documents cannot be used"
        pod.progress.say(f"{told}; `lamina pdf_pretest` says why")
    return {name: corpus.build_dataset(pod, verdicts, name, base, chunk_tokens) for name in names}


def assignments(values: list[str] | None) -> dict[str, Any]:
    """`epochs=5` as {"epochs": 5}: JSON where it is JSON, else text."""
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


def print_ref(pod: "Pod", ref: "ArtifactRef") -> None:
    """The artifact's folder, or the reference itself as JSON."""
    print(json.dumps(ref.model_dump()) if Choice.as_json else pod.store.path(ref))


def print_table(rows: list[dict[str, Any]]) -> None:
    """Rows of equal keys as a table; columns of text may wrap, those of numbers do not."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    table = Table(box=None, header_style="bold")
    for name in rows[0]:
        is_text = any(isinstance(row[name], str) for row in rows)
        table.add_column(name, no_wrap=not is_text, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row.values()))  # a name may look like markup
    Console().print(table)
