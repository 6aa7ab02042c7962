"""The house's own measures: no file so long that it holds more than one concept."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST = 250  # lines


@pytest.mark.parametrize(
    "folder", ["lamina", "flows", "tasks", "blocks", "deployments", "scripts", "tests"]
)
def test_no_file_is_longer_than_a_concept(folder: str) -> None:
    files = list((ROOT / folder).rglob("*.py"))
    long = {
        str(file.relative_to(ROOT))
        for file in files
        if len(file.read_text().splitlines()) > LONGEST
    }

    assert files
    assert long == set()
