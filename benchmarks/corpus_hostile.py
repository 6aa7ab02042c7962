"""What becomes of each hostile file, in a process of its own: outcome, time, peak memory.

python benchmarks/corpus_hostile.py [--data FOLDER] [--out FILE]
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import reports

from lamina.corpus.reading import read_file
from lamina.corpus.verdict import VerdictSettings, judge


def main() -> None:
    """Judge every file of the `tricky` folder and print a table."""
    parser = reports.parser(__doc__)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        _judge(options.one)
        return
    rows = [_row(path) for path in sorted((options.data / "tricky").glob("*.pdf"))]
    report = "\n".join([*_header(), *rows]) + "\n"
    reports.tell(report, options)


def _judge(path: Path) -> None:
    start = time.process_time()
    limits = {"max_bytes": 1 << 30, "max_pages": 20_000}
    outcome = judge(read_file(path, "pdf", lambda _: None, limits), VerdictSettings())
    told = outcome.model_dump(include={"recommended", "score", "reasons", "pages", "characters"})
    told["seconds"] = time.process_time() - start
    told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(told))


def _row(path: Path) -> str:
    command = [sys.executable, __file__, "--one", str(path)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    outcome = "accept" if told["recommended"] else "reject"
    reasons = ", ".join(told["reasons"])
    return (
        f"| {path.name} | {outcome} | {reasons} | {told['score']} | {told['pages']} "
        f"| {told['characters']} | {told['seconds']:.2f} | {told['peak_mb']} |"
    )


def _header() -> list[str]:
    return [
        "# Hostile files",
        "",
        "Made by `python benchmarks/corpus_hostile.py`: a fresh process a file; CPU seconds with",
        "the loading of the libraries, peak resident memory in MB.",
        "",
        "| file | outcome | reasons | score | pages | characters | seconds | MB |",
        "|---|---|---|---:|---:|---:|---:|---:|",
    ]


if __name__ == "__main__":
    main()
