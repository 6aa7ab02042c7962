"""N layers in one `train_layers` against N runs of it with one layer each.

    python benchmarks/training_jobs.py --data FOLDER [--layers N] [--steps N] [--threads N]

The embedded base, the `demo` profile with N steps; PDFs are read and cut before the clock starts.
The layers of both must be equal, byte for byte.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Both ways, and a table."""
    options = parsed()
    with tempfile.TemporaryDirectory() as folder:
        compare(options, Path(folder))


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with topics/<layer>/*.pdf")
    parser.add_argument("--layers", type=int, default=25)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def compare(options: argparse.Namespace, root: Path) -> None:
    """N layers in one run, and N runs with one layer each, from read PDFs on."""
    topics = sorted((options.data / "topics").iterdir())[: options.layers]
    for topic in topics:
        shutil.copytree(topic, root / "read" / "data" / "raw_pdfs" / topic.name)
    flow(options, root / "read", ["--plan"])  # reads and chunks: the same for both, so not timed
    for name in ("one", "many"):
        shutil.copytree(root / "read", root / name, symlinks=True)
    started_s = time.monotonic()
    flow(options, root / "one", [])
    together_s = time.monotonic() - started_s
    started_s = time.monotonic()
    for topic in topics:
        flow(options, root / "many", [topic.name])
    apart_s = time.monotonic() - started_s
    equal = digests(root / "one") == digests(root / "many")
    print(f"{len(topics)} layers, embedded base, demo with {options.steps} steps\n")
    print("| | seconds |\n|---|---|")
    print(f"| one job | {together_s:.0f} |\n| {len(topics)} runs | {apart_s:.0f} |\n")
    print(f"ratio {apart_s / together_s:.2f}; the layers are equal: {equal}")
    if not equal:
        sys.exit(1)


def flow(options: argparse.Namespace, workspace: Path, words: list[str]) -> None:
    """`lamina train_layers` on the embedded base."""
    command = [
        sys.executable, "-c", "from lamina.cli import main; main()",
        "--workspace", str(workspace), "train_layers", *words, "--profile", "demo",
        "--set", f"steps={options.steps}", "--chunk-tokens", "256", "--no-archive",
    ]  # fmt: skip
    environment = {
        **os.environ, "LAMINA_BASE_MODEL": "tiny", "N_THREADS": str(options.threads),
    }  # fmt: skip
    done = subprocess.run(
        command, env=environment, cwd=workspace, check=False, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stderr)


def digests(workspace: Path) -> dict[str, str]:
    """Which version of each layer is published."""
    return {view.name: view.resolve().name for view in (workspace / "output" / "peft").iterdir()}


if __name__ == "__main__":
    main()
