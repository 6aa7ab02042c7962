"""Reading PDFs: speed, completeness and table rows against pdfplumber, in one run.

    python benchmarks/corpus_reading.py [--data FOLDER] [--every N] [--out FILE]

CPU seconds of one process each, so that the ratio holds on any machine. `--every 4` takes a quarter
of the documents. The rows to be kept are found from pdfplumber's word positions: a label, a gap,
then nothing but figures. The result is Markdown.
"""

import argparse
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pdfplumber
import pypdfium2
import reports

from lamina.corpus.pages import read_pages
from lamina.text.pages import Pages

FIGURE = re.compile(r"\d[\d,.]*")
CELL = re.compile(r"[$\u20ac\u00a3]?[(\u2013-]?[$\u20ac\u00a3]?\d[\d,.]*[)%]*|[\u2014\u2013]")
MARKS = frozenset("$%)(*\u2014\u2013")
WORD_GAP_PT = 12  # wider gaps part cells
LABEL_GAP_PT = 8
LONG_PAGES = 500


@dataclass
class Tally:
    """Sums over a set of documents."""

    pages: int = 0
    ours_s: float = 0.0
    pdfium_s: float = 0.0
    plumber_s: float = 0.0
    characters: int = 0
    plumber_characters: int = 0
    figures: int = 0
    figures_kept: int = 0
    rows: int = 0
    rows_kept: int = 0
    readers: Counter[str] = field(default_factory=Counter)


def main() -> None:
    """Measure both sets of documents and print the tables."""
    options = _parsed()
    topics = sorted(options.data.glob("topics/*/*.pdf"))[:: options.every]
    filing = options.data / "whole" / "AMCOR_2023_10K.pdf"
    tables = [("whole 10-K", _measured([filing])), ("topics", _measured(topics))]
    report = "\n".join([*_header(options.every), *(_line(*entry) for entry in tables), ""])
    report += f"\nPeak memory on a filing of {LONG_PAGES} pages: {_peak_mb(filing)} MB.\n"
    for name, tally in tables:
        shares = ", ".join(f"{reader} {count}" for reader, count in tally.readers.items())
        report += f"Pages by reader, {name}: {shares}.\n"
    reports.tell(report, options)


def _parsed() -> argparse.Namespace:
    parser = reports.parser(__doc__)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--long", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.long:
        read_pages(options.long)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        sys.exit()
    return options


def _measured(paths: Sequence[Path]) -> Tally:
    tally = Tally()
    read_pages(paths[0])  # load the libraries
    for path in paths:
        start = time.process_time()
        ours = read_pages(path)
        tally.ours_s += time.process_time() - start
        start = time.process_time()
        raw = _pdfium_text(path)
        tally.pdfium_s += time.process_time() - start
        _compare(tally, ours, raw, path)
    return tally


def _pdfium_text(path: Path) -> str:
    texts = []
    with pypdfium2.PdfDocument(path) as document:
        for page in document:
            textpage = page.get_textpage()
            texts.append(textpage.get_text_range())
            textpage.close()
            page.close()
    return "\n".join(texts)


def _compare(tally: Tally, ours: Pages, raw: str, path: Path) -> None:
    before = Counter(FIGURE.findall(re.sub("[\ufffe\x02]", "-", raw)))
    kept = before & Counter(FIGURE.findall(ours.text))
    tally.figures += before.total()
    tally.figures_kept += kept.total()
    tally.characters += _solid(ours.text)
    with pdfplumber.open(path) as document:
        for page, own in zip(document.pages, ours.pages, strict=True):
            start = time.process_time()
            text = page.extract_text()
            tally.plumber_s += time.process_time() - start
            tally.plumber_characters += _solid(text)
            tally.pages += 1
            tally.readers[own.reader] += 1
            lines = [_squeezed(line.text) for line in own.lines]
            for label, figures in _rows(page.extract_words()):
                tally.rows += 1
                tally.rows_kept += any(_holds(line, label, figures) for line in lines)
            page.close()


def _solid(text: str) -> int:
    return len(_squeezed(text))


def _squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def _rows(words: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """(label, figures) of each line that is a label, a gap, and nothing but figures."""
    for band in _bands(words):
        band.sort(key=lambda word: word["x0"])
        label: list[dict[str, Any]] = []
        for word in band:
            is_far = bool(label) and word["x0"] - label[-1]["x1"] > WORD_GAP_PT
            if is_far or CELL.fullmatch(word["text"]) or word["text"] == "$":
                break
            label.append(word)
        rest = band[len(label) :]
        figures = [word["text"] for word in rest if FIGURE.search(word["text"])]
        is_pure = all(CELL.fullmatch(w["text"]) or w["text"] in MARKS for w in rest)
        named = any(char.isalpha() for word in label for char in word["text"])
        if named and figures and is_pure and rest[0]["x0"] - label[-1]["x1"] > LABEL_GAP_PT:
            yield _squeezed("".join(word["text"] for word in label)), figures


def _bands(words: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = []
    for word in sorted(words, key=lambda word: word["top"] + word["bottom"]):
        first = found[-1][0] if found else None
        if first:
            shared = min(first["bottom"], word["bottom"]) - max(first["top"], word["top"])
            lower = min(first["bottom"] - first["top"], word["bottom"] - word["top"])
            if shared >= lower / 2:
                found[-1].append(word)
                continue
        found.append([word])
    return found


def _holds(line: str, label: str, figures: Sequence[str]) -> bool:
    """Whether the line has the label and behind it every figure, in order."""
    place = line.find(label)
    if place < 0:
        return False
    place += len(label)
    for figure in map(_squeezed, figures):
        place = line.find(figure, place)
        if place < 0:
            return False
        place += len(figure)
    return True


def _peak_mb(filing: Path) -> int:
    """Peak resident memory of a fresh process that reads the filing over and over as one file."""
    with tempfile.TemporaryDirectory() as folder, pypdfium2.PdfDocument(filing) as source:
        long = pypdfium2.PdfDocument.new()
        while len(long) < LONG_PAGES:
            long.import_pages(source, list(range(min(len(source), LONG_PAGES - len(long)))))
        path = Path(folder) / "long.pdf"
        long.save(path)
        done = subprocess.run(
            [sys.executable, __file__, "--long", str(path)],
            check=True,
            capture_output=True,
            text=True,
        )
    return int(done.stdout)


def _header(every: int) -> list[str]:
    part = "all" if every == 1 else f"one in {every}"
    return [
        "# Reading PDFs",
        "",
        f"Made by `python benchmarks/corpus_reading.py --every {every}` (topics: {part}).",
        "CPU milliseconds per page of one process; characters against pdfplumber's; figures and",
        "table rows that are kept.",
        "",
        "| files | pages | Lamina | PDFium | pdfplumber | faster | characters | figures | rows |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]


def _line(name: str, tally: Tally) -> str:
    milliseconds = [
        1000 * seconds / tally.pages for seconds in (tally.ours_s, tally.pdfium_s, tally.plumber_s)
    ]
    speeds = " | ".join(f"{value:.2f}" for value in milliseconds)
    return (
        f"| {name} | {tally.pages} | {speeds} | {tally.plumber_s / tally.ours_s:.1f} "
        f"| {tally.characters / tally.plumber_characters:.4f} "
        f"| {tally.figures_kept} of {tally.figures} | {tally.rows_kept} of {tally.rows} |"
    )


if __name__ == "__main__":
    main()
