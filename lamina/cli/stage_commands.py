"""One subcommand a stage, named like it; each calls the stage's function and nothing else."""

import json

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
    layer_datasets,
    open_pod,
    print_ref,
    print_table,
    reading,
)


@app.command("pdf_pretest")
def pdf_pretest(
    *, language: Language = "en", ocr: Ocr = False, ocr_language: OcrLanguage = "eng"
) -> None:
    """Read and judge every PDF; writes data/processed/pdf_pretest.json."""
    from lamina.stages import corpus

    chosen = reading(language, ocr, ocr_language)
    with open_pod() as pod:
        documents = corpus.find_documents(pod)
        verdicts = corpus.pdf_pretest(pod, documents, chosen)
        view = corpus.publish_verdicts(pod, documents, verdicts)
        rows = corpus.verdict_table(pod, documents, verdicts)
    if Choice.as_json:
        print(view.read_text())
        return
    print_table(rows)
    print(view)


@app.command("build_dataset")
def build_dataset(
    layers: Layers = None,
    *,
    chunk_tokens: ChunkTokens = 512,
    language: Language = "en",
    ocr: Ocr = False,
    ocr_language: OcrLanguage = "eng",
) -> None:
    """Chunk the accepted PDFs into train.jsonl and heldout.jsonl."""
    from lamina.stages import corpus

    chosen = reading(language, ocr, ocr_language)
    with open_pod() as pod:
        datasets = layer_datasets(pod, layers or [], chunk_tokens, chosen)
        corpus.publish_datasets(pod, list(datasets.values()))
        manifests = {name: pod.store.manifest(ref) for name, ref in datasets.items()}
    facts = {name: {**manifest.facts} for name, manifest in manifests.items()}
    if Choice.as_json:
        print(json.dumps(facts, indent=1))
        return
    columns = ("train_rows", "heldout_rows", "tokens")
    print_table(
        [{"layer": name, **{key: one[key] for key in columns}} for name, one in facts.items()]
    )


def _train_level(level: str, values: list[str] | None, chunk_tokens: int) -> None:
    from lamina.stages import corpus, layers
    from lamina.training.profiles import profile

    chosen = layers.whole_corpus(profile(level, **assignments(values)))
    with open_pod() as pod:
        base = corpus.find_base(pod)
        parts = layer_datasets(pod, [], chunk_tokens)
        whole = corpus.combine_datasets(pod, list(parts.values()))
        adapter = layers.train_layer(pod, level, whole, base, chosen)
        layers.publish_adapter(pod, level, adapter)
        print_ref(pod, adapter)


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


@app.command("archive_pdfs")
def archive_pdfs() -> None:
    """Move the PDFs that published layers were trained on into the archive."""
    from lamina.stages import corpus, layers

    with open_pod() as pod:
        report = layers.archive_published(pod, corpus.find_documents(pod))
    if Choice.as_json:
        print(report.model_dump_json(indent=1))
        return
    print("\n".join(report.moved) or "nothing to move: all is archived")
