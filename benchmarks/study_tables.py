"""Rows of tables as pdfplumber finds them and as `study` reads them from places, on real pages.

    python benchmarks/study_tables.py [--data FOLDER]

The truth is the exam's: the evidence of its questions is often a row, as people copied it from the
page. A reading has a row right if one of its rows has the same words before its figures, and the
same figures in the same order.
"""

import argparse
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lamina.corpus.pages import read_pages
from lamina.study.facts.periods import DATE
from lamina.study.facts.tables.grids import grids
from lamina.study.facts.tables.labels import labels
from lamina.text.pages import Page

FIGURE = re.compile(r"\d[\d,.]*\d|\d")
MARK = re.compile(r"\((?:\d|[a-z])\)")
ROW = re.compile(r"[^\d$]*[A-Za-z)][:\s]+[\s$()\d,.%\u2014\u2013-]+")  # words, then figures
MOST_WORDS = 16
TEXT = {"vertical_strategy": "text", "horizontal_strategy": "text"}
MIXED = {"vertical_strategy": "text", "horizontal_strategy": "lines"}

Rows = list[list[str]]  # of cells
Said = tuple[tuple[str, ...], tuple[str, ...]]  # words, figures


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    data = Path(__file__).parents[1] / ".." / "shared" / "data"
    parser.add_argument("--data", type=Path, default=data.resolve())
    options = parser.parse_args()
    right: Counter[tuple[str, str]] = Counter()
    total: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for path, asked in sorted(_asked(options.data).items()):
        for number, evidence, page, plumbed in _pages(path, asked):
            for kind in ("all", page.kind):
                total[kind] += len(evidence)
            for name, read in _readings(page, plumbed).items():
                begin = time.process_time()
                found = [_said(" ".join(row)) for row in read()]
                seconds[name] += time.process_time() - begin
                good = [one for one in evidence if _is_among(one, found)]
                for kind in ("all", page.kind):
                    right[name, kind] += len(good)
                if name == "study":
                    for one in evidence:
                        if one not in good:
                            print("missed", path.name, number, one)
    for name in seconds:
        shares = ", ".join(f"{kind} {right[name, kind]} of {total[kind]}" for kind in sorted(total))
        print(f"{name}: {shares}; {seconds[name]:.1f} s")


def _asked(data: Path) -> dict[Path, dict[int, list[Said]]]:
    """Evidence that is a row, by file and page."""
    found: dict[Path, dict[int, list[Said]]] = defaultdict(lambda: defaultdict(list))
    for file in sorted((data / "exam").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            text = item["evidence"] or ""
            words, figures = _said(text)
            is_row = ROW.fullmatch(MARK.sub(" ", text)) is not None and len(words) <= MOST_WORDS
            is_row = is_row and DATE.search(text) is None  # a sentence that ends with a date
            if is_row and len(figures) > 1 and words and item["file"]:
                found[data / "topics" / item["topic"] / item["file"]][item["page"]].append(
                    (words, figures)
                )
    return found


def _said(text: str) -> Said:
    text = MARK.sub(" ", text)
    return tuple(re.findall(r"[a-z]+", text.casefold())), tuple(FIGURE.findall(text))


def _is_among(one: Said, found: Sequence[Said]) -> bool:
    words, figures = one
    return any(row[1] == figures and set(words) == set(row[0]) for row in found)


def _pages(path: Path, asked: dict[int, list[Said]]) -> Iterator[tuple[int, list[Said], Page, Any]]:
    import pdfplumber

    pages = read_pages(path).pages
    with pdfplumber.open(path) as document:
        for number, evidence in sorted(asked.items()):
            plumbed = document.pages[number]
            yield number, evidence, pages[number], plumbed
            plumbed.close()


def _readings(page: Page, plumbed: Any) -> dict[str, Callable[[], Rows]]:  # noqa: ANN401 - no types
    return {
        "study": lambda: _of_study(page),
        "pdfplumber, ruled": lambda: _of_plumber(plumbed, {}),
        "pdfplumber, text": lambda: _of_plumber(plumbed, TEXT),
        "pdfplumber, text in ruled rows": lambda: _of_plumber(plumbed, MIXED),
    }


def _of_study(page: Page) -> Rows:
    rows: Rows = []
    for grid in grids(page.lines):
        room = grid.columns[0].left
        for row, label in zip(grid.rows, labels(grid.rows, grid.between, room), strict=True):
            rows.append([label.text, *(slot.text for slot in row.slots)])
    return rows


def _of_plumber(page: Any, settings: dict[str, str]) -> Rows:  # noqa: ANN401 - no types
    return [
        [cell or "" for cell in row] for found in page.extract_tables(settings) for row in found
    ]


if __name__ == "__main__":
    main()
