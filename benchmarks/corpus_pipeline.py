"""From a folder of PDFs to datasets: from nothing, again, with one PDF added, in wall seconds.

    python benchmarks/corpus_pipeline.py [--data FOLDER] [--out FILE]

Takes the topics folder, a layer a folder, and the embedded base's tokenizer. Each step is a process
of its own, as a command is.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import reports

from lamina.corpus.documents import find_documents
from lamina.corpus.pretest import pdf_pretest
from lamina.corpus.view import write_pretest_view
from lamina.dataset.build import build_dataset, combine_datasets
from lamina.progress import Silent
from lamina.settings import load
from lamina.text.rows import SPLITS
from lamina.text.verdicts import read_verdicts
from lamina.workspace import EMBEDDED_BASE, Workspace

ADDED = Path("ASC_842_Leases") / "added.pdf"


def main() -> None:
    """Run the three steps and print a table."""
    options = _parsed()
    if options.step:
        _build(options.step)
        return
    with tempfile.TemporaryDirectory() as folder:
        raw_pdfs = Path(folder) / "data" / "raw_pdfs"
        shutil.copytree(options.data / "topics", raw_pdfs)
        added = options.data / "qa_pages" / "AMCOR_2023_10K_evidence.pdf"
        steps = [("from nothing", _timed(folder)), ("again, nothing changed", _timed(folder))]
        shutil.copy(added, raw_pdfs / ADDED)
        steps.append(("one PDF added to one layer", _timed(folder)))
        report = _report(steps, len(list(raw_pdfs.rglob("*.pdf"))))
    reports.tell(report, options)


def _parsed() -> argparse.Namespace:
    parser = reports.parser(__doc__)
    parser.add_argument("--step", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _timed(folder: str) -> tuple[float, str]:
    start = time.monotonic()
    command = [sys.executable, __file__, "--step", folder]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return time.monotonic() - start, told.strip()


def _build(folder: Path) -> None:
    """What one command does: verdicts, every layer's dataset, and the whole."""
    workspace = Workspace(load(workspace=folder)).make()
    store, progress = workspace.store, Silent()
    documents = find_documents(workspace)
    ref = pdf_pretest(documents, store=store, progress=progress)
    verdicts = read_verdicts(store, ref)
    write_pretest_view(workspace, documents, verdicts)
    tokenizer = EMBEDDED_BASE / "tokenizer.json"
    refs = [
        build_dataset(ref, layer, store=store, progress=progress, tokenizer_file=tokenizer)
        for layer in verdicts.layers()
    ]
    whole = store.manifest(combine_datasets(refs, store=store)).facts
    accepted = sum(verdict.recommended for verdict in verdicts.verdicts)
    rows = sum(whole[f"{split}_rows"] for split in SPLITS)
    print(f"{accepted} of {len(documents)} documents, {len(refs)} layers, {rows} rows")


def _report(steps: list[tuple[str, tuple[float, str]]], pdfs: int) -> str:
    lines = [
        "# From PDFs to datasets",
        "",
        f"Made by `python benchmarks/corpus_pipeline.py` on {pdfs} PDFs (the last one added at the",
        "end). Wall seconds, the start of Python included.",
        "",
        "| step | seconds | result |",
        "|---|---:|---|",
        *(f"| {name} | {seconds:.1f} | {told} |" for name, (seconds, told) in steps),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
