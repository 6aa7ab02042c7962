"""What a layer is taught of its pages, made and shown."""

import json
from typing import Annotated

import typer

from lamina.cli.front import Choice, command
from lamina.cli.shared import (
    ChunkTokens,
    Language,
    Layers,
    Ocr,
    OcrLanguage,
    finish,
    layer_datasets,
    open_pod,
    order,
    reading,
)
from lamina.cli.stage_commands import STAGES
from lamina.summary import Made, Summary


@command("study", STAGES, "study Leases --show 20")
def study(  # noqa: PLR0913 - options of a command
    layers: Layers = None,
    *,
    show: Annotated[int, typer.Option(help="rows of each layer to print, from anywhere")] = 0,
    chunk_tokens: ChunkTokens = 512,
    language: Language = "en",
    ocr: Ocr = False,
    ocr_language: OcrLanguage = "eng",
) -> None:
    """Make questions with answers of the pages that layers train on."""
    from lamina.orders import TrainLayers
    from lamina.stages import study as stage
    from lamina.terminal import print_table

    chosen = reading(language, ocr, ocr_language)
    asked = order(TrainLayers, layers=layers or [], chunk_tokens=chunk_tokens, reading=chosen)
    with open_pod() as pod:
        exam = stage.exam_questions(pod)
        datasets = layer_datasets(pod, asked.layers, asked.chunk_tokens, asked.reading)
        made = {name: stage.study_layer(pod, name, ref, exam) for name, ref in datasets.items()}
        facts = {name: pod.store.manifest(ref).facts for name, ref in made.items()}
        samples = {name: stage.sample(pod, ref, show) for name, ref in made.items()}
        view = stage.publish(pod, list(made.values()))
    if Choice.as_json:
        told = {
            name: facts[name] | {"samples": [row.model_dump(mode="json") for row in samples[name]]}
            for name in made
        }
        print(json.dumps(told, indent=1, ensure_ascii=False))
        return
    print_table([{"layer": name, **stage.counts(one)} for name, one in facts.items()])
    for name, rows in samples.items():
        if rows:
            print(f"\n{name}, {len(rows)} of {facts[name]['rows']} rows:\n")
            print_table(stage.shown_rows(rows))
    rows_made = {"rows": sum(one["rows"] for one in facts.values())}
    finish(Summary((Made("study.jsonl", view, rows_made),)).then("study"))
