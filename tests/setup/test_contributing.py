"""CONTRIBUTING.md names what is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()


def test_every_path_exists() -> None:
    paths = re.findall(r"(?<![\w/.~])((?:lamina|tests|tasks|flows|blocks|docs)/[\w/.-]*)", PAGE)

    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path.rstrip(".")).exists()] == []


def test_every_target_is_one_of_makes() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    named = set(re.findall(r"(?:`|^)make (\w+)", PAGE, re.MULTILINE))

    assert {"setup", "test", "slow", "gpu"} <= named <= targets
