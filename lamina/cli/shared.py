"""What the commands share: their options, orders made of them, the pod they act on, their end."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from lamina.cli.front import Choice
from lamina.errors import InvalidInputError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from lamina.artifacts import ArtifactRef
    from lamina.orders import Reading
    from lamina.settings import Settings
    from lamina.stages.pod import Pod
    from lamina.summary import Summary

Order = TypeVar("Order", bound="BaseModel")


def _known_layers(incomplete: str) -> list[str]:
    """For the shell's completion: layers that have PDFs here, or are published."""
    from lamina.workspace import Workspace

    work = Workspace(pod_settings())
    roots = (work.raw_pdfs, work.archive)
    names = {path.name for root in roots for path in root.glob("*") if path.is_dir()}
    names |= work.trained().keys()
    return sorted(name for name in names if name.startswith(incomplete))


Layers = Annotated[
    list[str] | None, typer.Argument(help="layers; none = all", autocompletion=_known_layers)
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="value of the profile, such as epochs=5; see `lamina profiles`"),
]
ChunkTokens = Annotated[int, typer.Option(help="longest chunk, in tokens of the base")]
Language = Annotated[str, typer.Option(help="of the documents, such as de; any = every one")]
Ocr = Annotated[bool, typer.Option(help="read pages that are pictures with Tesseract; slow")]
OcrLanguage = Annotated[str, typer.Option(help="Tesseract's name for it, such as deu or eng+fra")]


def pod_settings(**overrides: Any) -> "Settings":  # noqa: ANN401 - any field of the settings
    """The settings in force, with what the command line says about them."""
    from lamina import settings

    if Choice.workspace:
        overrides["workspace"] = Choice.workspace
    return settings.load(**overrides)


@contextmanager
def open_pod(**overrides: Any) -> Iterator["Pod"]:  # noqa: ANN401 - any field of the settings
    """This pod, with progress on the terminal."""
    from lamina.progress import on_terminal
    from lamina.stages.pod import Pod
    from lamina.workspace import Workspace

    chosen = pod_settings(**overrides)
    with on_terminal() as progress:
        yield Pod(chosen, Workspace(chosen).make(), progress)


def order(model: type[Order], **values: Any) -> Order:  # noqa: ANN401 - as the model has them
    """An order made of options; InvalidInputError names the option and what it may be."""
    from pydantic import ValidationError

    from lamina.bounds import refusal

    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise refusal(error, model, _option) from error


def _option(field: str) -> str:
    return f"--{field.replace('_', '-')}"


def reading(language: str, ocr: bool, ocr_language: str) -> "Reading":
    """How documents are to be read; raises InvalidInputError for a language without words."""
    from lamina.orders import Reading

    return order(Reading, language=language, ocr=ocr, ocr_language=ocr_language)


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


def layer_datasets(
    pod: "Pod", wanted: list[str], chunk_tokens: int, chosen: "Reading | None" = None
) -> dict[str, "ArtifactRef"]:
    """The datasets of the wanted layers (none = all), built where they are not up to date."""
    from lamina.corpus.documents import check_folders
    from lamina.stages import corpus
    from lamina.text.verdicts import read_verdicts

    base = corpus.find_base(pod)
    check_folders(pod.workspace, wanted)  # before all are read
    documents = corpus.find_documents(pod)
    verdicts = corpus.pdf_pretest(pod, documents, chosen)
    corpus.publish_verdicts(pod, documents, verdicts)
    known = read_verdicts(pod.store, verdicts)
    names = corpus.chosen_layers(known, wanted)
    if refused := sum(not one.recommended for one in known.verdicts):
        told = f"{refused} of {len(known.verdicts)} documents cannot be used"
        pod.progress.say(f"{told}; `lamina pdf_pretest` says why")
    return {name: corpus.build_dataset(pod, verdicts, name, base, chunk_tokens) for name in names}


def finish(summary: "Summary") -> None:
    """Say what was done: to a person, or as JSON to a program."""
    if Choice.as_json:
        print(summary.json())
        return
    for line in summary.lines():
        print(line)
