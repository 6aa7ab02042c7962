"""One subcommand a stage, named like it; each calls the stage's function and nothing else."""

import json
from typing import Any, Final

from lamina.cli.front import Choice, command
from lamina.cli.shared import (
    ChunkTokens,
    Language,
    Layers,
    Ocr,
    OcrLanguage,
    Set,
    assignments,
    finish,
    layer_datasets,
    open_pod,
    order,
    reading,
)
from lamina.summary import Made, Moved, Summary

STAGES: Final = "Stage by stage"


@command("pdf_pretest", STAGES, "pdf_pretest --language de")
def pdf_pretest(
    *, language: Language = "en", ocr: Ocr = False, ocr_language: OcrLanguage = "eng"
) -> None:
    """Read and judge every PDF; writes data/processed/pdf_pretest.json."""
    from lamina.stages import corpus
    from lamina.terminal import print_table

    chosen = reading(language, ocr, ocr_language)
    with open_pod() as pod:
        documents = corpus.find_documents(pod)
        verdicts = corpus.pdf_pretest(pod, documents, chosen)
        view = corpus.publish_verdicts(pod, documents, verdicts)
        rows = corpus.verdict_table(pod, documents, verdicts)
        facts = pod.store.manifest(verdicts).facts
    if Choice.as_json:
        print(view.read_text())
        return
    print_table(rows)
    figures = {"documents": facts["documents"], "of use": facts["recommended"]}
    finish(Summary((Made("verdicts", view, figures),)).then("pdf_pretest"))


@command("build_dataset", STAGES, "build_dataset Leases --chunk-tokens 256")
def build_dataset(
    layers: Layers = None,
    *,
    chunk_tokens: ChunkTokens = 512,
    language: Language = "en",
    ocr: Ocr = False,
    ocr_language: OcrLanguage = "eng",
) -> None:
    """Chunk the accepted PDFs into train.jsonl, validation.jsonl and heldout.jsonl, the test."""
    from lamina.orders import TrainLayers
    from lamina.stages import shown
    from lamina.terminal import print_table

    chosen = reading(language, ocr, ocr_language)
    asked = order(TrainLayers, layers=layers or [], chunk_tokens=chunk_tokens, reading=chosen)
    with open_pod() as pod:
        datasets = layer_datasets(pod, asked.layers, asked.chunk_tokens, asked.reading)
        tests = pod.store.manifest(shown.publish_datasets(pod, list(datasets.values()))).facts
        facts = {
            name: pod.store.manifest(ref).facts | {"test": tests["layers"][name]}
            for name, ref in datasets.items()
        }
        folder = pod.workspace.processed
    if Choice.as_json:
        print(json.dumps(facts, indent=1))
        return
    columns = ("train_rows", "validation_rows", "tokens")
    print_table(
        [
            {"layer": name, **{key: one[key] for key in columns}, **_tested(one["test"])}
            for name, one in facts.items()
        ]
    )
    files = {
        "train.jsonl": sum(one["train_rows"] for one in facts.values()),
        "validation.jsonl": sum(one["validation_rows"] for one in facts.values()),
        "heldout.jsonl": sum(one["test"]["rows"] for one in facts.values()),
    }
    made = (Made(name, folder / name, {"rows": number}) for name, number in files.items())
    finish(Summary(tuple(made)).then("build_dataset"))


def _tested(counts: dict[str, Any]) -> dict[str, Any]:
    from lamina.dataset.tests_card import advice

    return {
        "test_rows": counts["rows"],
        "left out": counts["left_out"],
        "test documents": counts["documents"],
        "": advice(counts),
    }


def _train_level(level: str, values: list[str] | None, chunk_tokens: int) -> None:
    from lamina.orders import TrainLayers
    from lamina.stages import corpus, layers, levels, mixing
    from lamina.training.profiles import profile

    chosen = levels.whole_corpus(profile(level, **assignments(values)))
    asked = order(TrainLayers, chunk_tokens=chunk_tokens)
    with open_pod() as pod:
        base = corpus.find_base(pod)
        parts = layer_datasets(pod, [], asked.chunk_tokens)
        whole = corpus.combine_datasets(pod, list(parts.values()))
        before = layers.published_manifest(pod, level)
        mix = mixing.mix_of(pod, level, whole, base, chosen)
        adapter = layers.train_layer(pod, level, whole, base, chosen, mix)
        layers.publish_adapter(pod, level, adapter)
        (figures,) = layers.loss_facts(pod, adapter)
        new = before is None or before.digest != adapter.digest
        made = Made(level, pod.workspace.peft / level, figures, new=new)
    finish(Summary((made,)).then("train_level"))


@command("train_level1", STAGES, "train_level1 --set epochs=1")
def train_level1(values: Set = None, chunk_tokens: ChunkTokens = 512) -> None:
    """Train level1 (r=8 on q,v, lr 2e-4) on the whole corpus."""
    _train_level("level1", values, chunk_tokens)


@command("train_level2", STAGES, "train_level2 --set epochs=1")
def train_level2(values: Set = None, chunk_tokens: ChunkTokens = 512) -> None:
    """Train level2 (r=16 on q,k,v,o, lr 1e-4) on the whole corpus."""
    _train_level("level2", values, chunk_tokens)


@command("train_level3", STAGES, "train_level3 --set epochs=1")
def train_level3(values: Set = None, chunk_tokens: ChunkTokens = 512) -> None:
    """Train level3 (r=16 on q,k,v,o, lr 5e-5) on the whole corpus."""
    _train_level("level3", values, chunk_tokens)


@command("archive_pdfs", STAGES, "archive_pdfs")
def archive_pdfs() -> None:
    """Move the PDFs that published layers were trained on into the archive."""
    from lamina.stages import corpus, layers

    with open_pod() as pod:
        report = layers.archive_published(pod, corpus.find_documents(pod))
        archive = pod.workspace.archive
    if Choice.as_json:
        print(report.model_dump_json(indent=1))
        return
    if not report.moved:
        print("nothing to move: all is archived")
        return
    finish(Summary(moved=(Moved(report.moved, archive),), next=("lamina train_layers --plan",)))
