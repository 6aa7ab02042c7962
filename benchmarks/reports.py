"""What benchmarks over the sample PDFs share: where these lie, and where the report goes."""

import argparse
from pathlib import Path

DATA = Path(__file__).parents[1] / ".." / "shared" / "data"


def parser(about: str | None) -> argparse.ArgumentParser:
    """With `--data` and `--out`."""
    found = argparse.ArgumentParser(description=about)
    found.add_argument("--data", type=Path, default=DATA.resolve())
    found.add_argument("--out", type=Path, help="where the report is written, too")
    return found


def tell(report: str, options: argparse.Namespace) -> None:
    """Print the report."""
    print(report)
    if options.out:
        options.out.write_text(report, encoding="utf-8")
