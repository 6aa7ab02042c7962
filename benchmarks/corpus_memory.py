"""Memory of a dataset against its size: rows written, layers combined, documents built.

    python benchmarks/corpus_memory.py [--rows 1000000] [--documents 500] [--out FILE]

Rows are synthetic and all different, of about fifty words. Each measurement is a process of its
own, with half the rows and with all; its peak resident memory would grow with them if it kept them.
"""

import argparse
import itertools
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from lamina.dataset.build import build_dataset, combine_datasets
from lamina.dataset.writing import DatasetWriter
from lamina.fingerprint import text_digest
from lamina.progress import Silent
from lamina.store import Stage, Store
from lamina.text.pages import Line, Page, Pages, write_pages
from lamina.text.rows import SPLITS, Row, read_rows
from lamina.text.verdicts import VERDICTS_FILE, Verdict, Verdicts
from lamina.workspace import EMBEDDED_BASE

SOURCE = Stage("synthetic", 1)
WORDS = ["".join(letters) for letters in itertools.product("bdlmnrst", "aeio", "bdlmnrst", "aeiou")]
ROW_WORDS, ROWS_A_DOCUMENT, LINES_A_PAGE = 50, 100, 40


def main() -> None:
    """Run each measurement with half and with all, and print a table."""
    options = _parsed()
    if options.measure:
        print(json.dumps(_measured(options.measure, options.size)))
        return
    plan = [
        ("write", "rows written and read again", options.rows),
        ("combine", "rows of two layers combined", options.rows),
        ("build", "rows built from documents", options.documents * ROWS_A_DOCUMENT),
    ]
    lines = [
        "# Memory of a dataset against its size",
        "",
        "Made by `python benchmarks/corpus_memory.py`: synthetic rows of about fifty words, all",
        "different. Peak resident memory of a process of its own, with half the rows and with all.",
        "",
        "| what | rows | seconds | MB at half | MB | bytes more a row |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, told, size in plan:
        half, whole = (_in_a_process(name, count) for count in (size // 2, size))
        more = (whole["mb"] - half["mb"]) * 2**20 / (whole["rows"] - half["rows"])
        lines.append(
            f"| {told} | {whole['rows']} | {whole['seconds']:.0f} | {half['mb']:.1f} "
            f"| {whole['mb']:.1f} | {more:.1f} |"
        )
        print(lines[-1], flush=True)
    report = "\n".join(lines) + "\n"
    if options.out:
        options.out.write_text(report, encoding="utf-8")


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def _in_a_process(name: str, size: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", name, "--size", str(size)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    took: dict[str, float] = json.loads(done.stdout)
    return took


def _measured(name: str, size: int) -> dict[str, float]:
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        rows = {"write": _write, "combine": _combine, "build": _build}[name](Path(folder), size)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": rows, "seconds": time.monotonic() - began_s, "mb": peak_mb}


def _write(folder: Path, size: int) -> int:
    with DatasetWriter(folder, "Synthetic") as writer:
        writer.add_all(_rows("Synthetic", size))
    writer.write_card()
    return sum(1 for _ in read_rows(folder / "train.jsonl"))


def _combine(folder: Path, size: int) -> int:
    store = Store(folder / "store")
    refs = []
    for layer in ("A", "B"):

        def make(target: Path, layer: str = layer) -> dict[str, object]:
            with DatasetWriter(target, layer) as writer:
                writer.add_all(_rows(layer, size // 2))
            writer.write_card()
            return {"documents": []}

        refs.append(store.once("dataset", SOURCE, {"layer": layer, "size": size}, make))
    return int(store.manifest(combine_datasets(refs, store=store)).facts["train_rows"])


def _build(folder: Path, size: int) -> int:
    store = Store(folder / "store")
    found = tuple(_document(store, number) for number in range(size // ROWS_A_DOCUMENT))

    def make(target: Path) -> dict[str, object]:
        (target / VERDICTS_FILE).write_text(Verdicts(verdicts=found).model_dump_json())
        return {}

    verdicts = store.once("verdicts", SOURCE, {"size": size}, make)
    tokenizer = EMBEDDED_BASE / "tokenizer.json"
    ref = build_dataset(
        verdicts, "Synthetic", store=store, progress=Silent(), tokenizer_file=tokenizer
    )
    facts = store.manifest(ref).facts
    return int(sum(facts[f"{split}_rows"] for split in SPLITS))


def _rows(layer: str, size: int) -> Iterator[Row]:
    rng = random.Random(layer)
    for number in range(size):
        yield Row(
            layer=layer,
            split="train",
            kind="text",
            text=_text(rng, ROW_WORDS, number),
            document=text_digest(str(number // ROWS_A_DOCUMENT)),
            pages=(1, 2),
            heading=("Synthetic",),
            n_tokens=ROW_WORDS,
        )


def _text(rng: random.Random, words: int, number: int) -> str:
    return f"{' '.join(rng.choices(WORDS, k=words))} {number}."


def _document(store: Store, number: int) -> Verdict:
    """A document that gives about a hundred rows, read already."""
    digest = text_digest(f"document {number}")
    rng = random.Random(number)

    def make(folder: Path) -> dict[str, object]:
        sheets = [
            Page(number=page, kind="text", width=600, height=800, lines=tuple(_lines(rng)))
            for page in range(1, 11)
        ]
        write_pages(folder, Pages(format="pdf", pages=tuple(sheets)))
        return {"document": digest}

    return Verdict(
        layer="Synthetic",
        digest=digest,
        format="pdf",
        pages_ref=store.once("pages", SOURCE, {"document": digest}, make),
        recommended=True,
        score=100,
        parts={},
        sentence="Accepted.",
        characters=ROWS_A_DOCUMENT * ROW_WORDS * 6,
    )


def _lines(rng: random.Random) -> Iterator[Line]:
    """A page of paragraphs of four lines."""
    for index in range(LINES_A_PAGE):
        top = 60.0 + 12 * index + 12 * (index // 4)
        text = _text(rng, 40, index) if index % 4 == 3 else " ".join(rng.choices(WORDS, k=40))
        yield Line(text, 50, 550, top, 10)


if __name__ == "__main__":
    main()
