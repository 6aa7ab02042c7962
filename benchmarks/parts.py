"""Train, validation and test of real layers: how they come out, and that nothing leaks.

    python benchmarks/parts.py [--data FOLDER] [--workspace FOLDER] [--rows N] [--out FILE]

Takes the topics folder, a layer a folder. The check compares every test row with every training row
of all layers word by word, without the product's numbers. Then the same step on made rows (`--rows`
of 300 words, 0 = not), for its time and memory: in a process of its own.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import reports

from lamina.artifacts import ArtifactRef
from lamina.corpus.documents import find_documents
from lamina.corpus.pretest import pdf_pretest
from lamina.dataset.apart import keep_apart
from lamina.dataset.build import build_dataset
from lamina.dataset.parting import parts_of
from lamina.dataset.settings import DatasetSettings
from lamina.progress import Silent
from lamina.settings import load
from lamina.store import Stage, Store
from lamina.text.rows import SPLITS, Row, read_rows, write_rows
from lamina.text.verdicts import read_verdicts
from lamina.text.wording import RUN_WORDS, masked_words
from lamina.workspace import EMBEDDED_BASE, Workspace

WORDS = 300  # of a made row


def main() -> None:
    """Build, check, count; print the report."""
    options = _parsed()
    if options.step:
        _made(options.step, options.rows)
        return
    with tempfile.TemporaryDirectory() as folder:
        report = _real(options.workspace or Path(folder), options.data / "topics")
    if options.rows:
        report += "\n" + _at_scale(options.rows)
    reports.tell(report, options)


def _parsed() -> argparse.Namespace:
    parser = reports.parser(__doc__)
    parser.add_argument("--workspace", type=Path, help="where the PDFs may be read already")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--step", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _real(folder: Path, topics: Path) -> str:
    workspace = Workspace(load(workspace=folder)).make()
    shutil.copytree(topics, workspace.raw_pdfs, dirs_exist_ok=True)
    store, progress = workspace.store, Silent()
    verdicts = pdf_pretest(find_documents(workspace), store=store, progress=progress)
    known = read_verdicts(store, verdicts)
    began = time.process_time()
    parts = parts_of(known, store=store, settings=DatasetSettings(), progress=progress)
    parted_s = time.process_time() - began
    tokenizer = EMBEDDED_BASE / "tokenizer.json"
    refs = [
        build_dataset(verdicts, layer, store=store, progress=progress, tokenizer_file=tokenizer)
        for layer in known.layers()
    ]
    began = time.process_time()
    apart = keep_apart(refs, [], store=store, progress=progress)
    apart_s = time.process_time() - began
    leaks, kept = _leaks(store, refs, apart)
    counts = {split: len(getattr(parts, split)) for split in SPLITS}
    told = ", ".join(f"{count} {split}" for split, count in counts.items())
    card = (store.open(apart) / "test.md").read_text(encoding="utf-8")
    return (
        "# Train, validation and test\n\n"
        f"Made by `python benchmarks/parts.py` on {sum(counts.values())} different PDFs "
        f"of {len(refs)} topics: {told}. Comparing and assigning the documents took "
        f"{parted_s:.1f} s of a core, holding the test against all training rows {apart_s:.1f} s."
        "\n\n"
        f"Compared word by word, {leaks} of {kept} test rows share {RUN_WORDS} words in a row, "
        "figures aside, with a training row of any layer.\n\n"
        + card.replace("# The test", "## The card")
    )


def _leaks(store: Store, datasets: list[ArtifactRef], apart: ArtifactRef) -> tuple[int, int]:
    trained = {
        run
        for ref in datasets
        for row in read_rows(store.open(ref) / "train.jsonl")
        for run in _runs(row)
    }
    rows = list(read_rows(store.open(apart) / "test.jsonl"))
    return sum(any(run in trained for run in _runs(row)) for row in rows), len(rows)


def _runs(row: Row) -> Iterator[str]:
    words = masked_words(f"{row.question or ''} {row.text}")
    for place in range(len(words) - RUN_WORDS + 1):
        yield " ".join(words[place : place + RUN_WORDS])


def _at_scale(rows: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--step", folder, "--rows", str(rows)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _made(folder: Path, rows: int) -> None:
    """What `keep_apart` costs on made rows, a tenth of them in the test."""
    store = Store(folder)
    dataset = _dataset(store, rows)
    before = _peak_kib()
    began = time.process_time()
    keep_apart([dataset], [], store=store, progress=Silent())
    seconds = time.process_time() - began
    peak = _peak_kib()
    disk = sum(path.stat().st_size for path in (store.root / "runs").rglob("*.npy"))
    print(
        f"## {rows:,} made rows of {WORDS} words\n\n"
        f"Held against each other in {seconds:.0f} s of a core; memory {peak / 1024:.0f} MiB at "
        f"its peak, {before / 1024:.0f} MiB before; {disk / 2**20:.0f} MiB on disk."
    )


def _peak_kib() -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0])


def _dataset(store: Store, rows: int) -> ArtifactRef:
    rng = random.Random(1)
    words = [
        f"word{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" for n in range(9000)
    ]

    def made(split: str, count: int) -> Iterator[Row]:
        for number in range(count):
            yield Row.model_validate(
                {
                    "layer": "made",
                    "split": split,
                    "kind": "text",
                    "text": " ".join(rng.choices(words, k=WORDS)),
                    "document": f"{split} {number // 50}",
                    "pages": (1, 1),
                }
            )

    def make(draft: Path) -> dict[str, object]:
        for split, share in zip(SPLITS, (8, 1, 1), strict=True):
            write_rows(draft / f"{split}.jsonl", made(split, rows * share // 10))
        return {"layer": "made"}

    return store.once("dataset", Stage("made", 1), {"rows": rows}, make)


if __name__ == "__main__":
    main()
